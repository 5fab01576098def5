// What people see when the state cannot be used.
#include <fcntl.h>
#include <fstream>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.hpp"
#include "store/database.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::store;

namespace {

std::string refusal(const std::string& path) {
    const auto database = Database::open(path, Durability::process);
    if (database) return "it was opened";
    CHECK_EQ(database.error().code, Code::state_unavailable);
    CHECK_FALSE(database.error().next.empty());
    return to_line(database.error());
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a symbolic link is not followed") {
    const test::Folder folder;
    REQUIRE_EQ(::symlink("/etc/hostname", (folder / "a.db").c_str()), 0);
    CHECK(has(refusal(folder / "a.db"), "symbolic link"));
}

TEST_CASE("another kind of file is refused") {
    const test::Folder folder;
    std::ofstream(folder / "a.db") << std::string(4096, 'x');
    CHECK(has(refusal(folder / "a.db"), "is not a database"));
    REQUIRE_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    CHECK(has(refusal(folder / "pipe"), "not a regular file"));
}

TEST_CASE("a damaged database is told from an empty one") {
    const test::Folder folder;
    {
        auto database = Database::open(folder / "a.db", Durability::process);
        REQUIRE(database->execute("CREATE TABLE t (x); CREATE TABLE u (x)"));
    }
    std::fstream file(folder / "a.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100) << std::string(300, '\xff');
    file.close();
    CHECK(has(refusal(folder / "a.db"), "is damaged"));
}

TEST_CASE("a missing folder is named") {
    const test::Folder folder;
    CHECK(has(refusal(folder / "none/a.db"), "No such file or directory"));
}

TEST_CASE("a lock that another holds is told") {
    const test::Folder folder;
    auto first = Database::open(folder / "a.db", Durability::process);
    REQUIRE(first->execute("CREATE TABLE t (x); BEGIN IMMEDIATE"));
    auto second = Database::open(folder / "a.db", Durability::process);
    REQUIRE(second);
    REQUIRE(second->execute("PRAGMA busy_timeout=10"));
    const auto refused = second->execute("INSERT INTO t VALUES (1)");
    REQUIRE_FALSE(refused);
    CHECK(has(to_line(refused.error()), "locked by another process"));
}

TEST_CASE("someone else's file is refused" * doctest::skip(::geteuid() != 0)) {
    const test::Folder folder;
    std::ofstream(folder / "a.db") << "";
    REQUIRE_EQ(::chown((folder / "a.db").c_str(), 12345, 12345), 0);
    CHECK(has(refusal(folder / "a.db"), "belongs to uid 12345"));
}
