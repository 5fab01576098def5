#include "store/database.hpp"

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.hpp"
#include "store/migrations.hpp"
#include "store/transaction.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::store;

namespace {

Database open_notes(const std::string& path) {
    auto database = Database::open(path, Durability::process);
    REQUIRE(database);
    REQUIRE(database->execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT, bytes BLOB)"));
    return std::move(*database);
}

std::int64_t count(Database& database) {
    auto statement = database.prepare("SELECT count(*) FROM notes");
    REQUIRE(statement);
    auto row = statement->with();
    REQUIRE(row.next());
    return row.integer(0);
}

} // namespace

TEST_CASE("values come back as they were bound") {
    const test::Folder folder;
    auto database = open_notes(folder / "a.db");
    auto insert = database.prepare("INSERT INTO notes VALUES (?, ?, ?)");
    REQUIRE(insert);
    const std::string text("a\0b", 3);
    const std::array<std::uint8_t, 3> bytes = {0, 255, 7};
    REQUIRE(insert->with(1, text, std::span<const std::uint8_t>(bytes)).run());
    REQUIRE(insert->with(std::int64_t{1} << 60, "", std::nullopt).run());
    auto find = database.prepare("SELECT text, bytes FROM notes ORDER BY id");
    REQUIRE(find);
    auto row = find->with();
    REQUIRE(*row.next());
    CHECK_EQ(row.text(0), text);
    CHECK_EQ(row.blob(1), std::string("\0\xff\x07", 3));
    REQUIRE(*row.next());
    CHECK_FALSE(row.null(0));
    CHECK(row.null(1));
    CHECK_FALSE(*row.next());
}

TEST_CASE("a statement can be used again after a use that stopped half-way") {
    const test::Folder folder;
    auto database = open_notes(folder / "a.db");
    auto insert = database.prepare("INSERT INTO notes (text) VALUES (?)");
    for (const char* text : {"x", "y"}) REQUIRE(insert->with(text).run());
    auto find = database.prepare("SELECT text FROM notes WHERE text >= ? ORDER BY id");
    CHECK(*find->with("x").next());
    auto row = find->with("y");
    REQUIRE(*row.next());
    CHECK_EQ(row.text(0), "y");
}

TEST_CASE("what is not committed is gone") {
    const test::Folder folder;
    auto database = open_notes(folder / "a.db");
    {
        auto transaction = database.begin();
        REQUIRE(transaction);
        REQUIRE(database.execute("INSERT INTO notes (text) VALUES ('x')"));
    }
    CHECK_EQ(count(database), 0);
    auto transaction = database.begin();
    REQUIRE(database.execute("INSERT INTO notes (text) VALUES ('x')"));
    REQUIRE(transaction->commit());
    CHECK_EQ(count(database), 1);
}

TEST_CASE("a reader sees what is committed and cannot write") {
    const test::Folder folder;
    auto database = open_notes(folder / "a.db");
    auto reader = Database::open_to_read(folder / "a.db");
    REQUIRE(reader);
    REQUIRE(database.execute("INSERT INTO notes (text) VALUES ('x')"));
    CHECK_EQ(count(*reader), 1);
    CHECK_EQ(reader->execute("DELETE FROM notes").error().code, Code::state_unavailable);
    CHECK_EQ(count(database), 1);
}

TEST_CASE("a database file is its owner's alone, whatever the umask") {
    const test::Folder folder;
    const auto before = ::umask(0);
    const auto database = open_notes(folder / "a.db");
    ::umask(before);
    for (const char* name : {"a.db", "a.db-wal", "a.db-shm"}) {
        struct stat st{};
        REQUIRE_EQ(::stat((folder / name).c_str(), &st), 0);
        CHECK_EQ(st.st_mode & 0777, 0600);
    }
}

TEST_CASE("every embedded schema applies, once") {
    const test::Folder folder;
    for (const char* schema : {"state", "audit"}) {
        auto database = Database::open(folder / schema, Durability::process);
        REQUIRE(database);
        CHECK(migrate(*database, schema));
        CHECK(migrate(*database, schema));
    }
}

TEST_CASE("a database of a newer owhaled is left alone") {
    const test::Folder folder;
    auto database = Database::open(folder / "a.db", Durability::process);
    REQUIRE(migrate(*database, "state"));
    REQUIRE(database->execute("INSERT INTO migrations VALUES (999, 'later')"));
    const auto refused = migrate(*database, "state");
    REQUIRE_FALSE(refused);
    CHECK_NE(refused.error().message.find("newer owhaled"), std::string::npos);
}
