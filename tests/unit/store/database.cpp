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

namespace {

// As an owhaled before the newest two schema changes left it.
void make_old_state(const std::string& path, int schema) {
    auto database = Database::open(path, Durability::process);
    REQUIRE(database);
    REQUIRE(database->execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, applied TEXT NOT NULL) STRICT"));
    for (const auto& migration : migrations()) {
        if (migration.schema != "state" || migration.number > schema) continue;
        REQUIRE(database->execute(std::string(migration.sql)));
        REQUIRE(database->execute("INSERT INTO migrations VALUES (" + std::to_string(migration.number) + ", 'then')"));
    }
}

std::int64_t newest_of(const std::string& path) {
    auto database = Database::open_to_read(path);
    REQUIRE(database);
    auto find = database->prepare("SELECT max(number) FROM migrations");
    REQUIRE(find);
    auto row = find->with();
    REQUIRE(row.next());
    return row.integer(0);
}

} // namespace

TEST_CASE("a database is kept as it was before its schema changes, for its owner alone") {
    const test::Folder folder;
    const auto path = folder / "state.db", kept = path + ".before-005";
    make_old_state(path, 4);
    auto database = Database::open(path, Durability::process);
    const auto before = ::umask(0);
    REQUIRE(migrate(*database, "state"));
    ::umask(before);
    struct stat st{};
    REQUIRE_EQ(::stat(kept.c_str(), &st), 0);
    CHECK_EQ(st.st_mode & 0777, 0600);
    CHECK_EQ(newest_of(kept), 4);
    CHECK_GT(newest_of(path), 4);
    // Nothing to do, nothing kept.
    REQUIRE_EQ(::unlink(kept.c_str()), 0);
    CHECK(migrate(*database, "state"));
    CHECK_NE(::stat(kept.c_str(), &st), 0);
}

TEST_CASE("migrations are all in force, or none of them") {
    const test::Folder folder;
    const auto path = folder / "state.db";
    make_old_state(path, 4);
    auto database = Database::open(path, Durability::process);
    const auto fails_late = [](Database&, int number) -> Status {
        if (number > 5) return fail(Code::state_unavailable, "as after a loss of power", "");
        return {};
    };
    CHECK_FALSE(migrate(*database, "state", fails_late));
    CHECK_EQ(newest_of(path), 4);
    CHECK(migrate(*database, "state"));
}

TEST_CASE("what cannot be kept is not changed") {
    const test::Folder folder;
    const auto path = folder / "state.db";
    make_old_state(path, 4);
    auto database = Database::open(path, Durability::process);
    REQUIRE_EQ(::mkdir((path + ".before-005").c_str(), 0700), 0);
    CHECK_FALSE(migrate(*database, "state"));
    CHECK_EQ(newest_of(path), 4);
}
