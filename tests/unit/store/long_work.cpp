// While a database works for long, that is told: at once, while a statement goes on, and no longer than that.
#include "store/long_work.hpp"

#include "folder.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::store;

namespace {

constexpr const char* kLong = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000)"
                              " INSERT INTO t SELECT x FROM n";

} // namespace

TEST_CASE("it is told at the beginning and as long as statements get on") {
    const test::Folder folder;
    auto database = Database::open(folder / "a.db", Durability::process);
    REQUIRE(database->execute("CREATE TABLE t (x)"));
    int told = 0;
    {
        const LongWork work(*database, [&] { ++told; }, std::chrono::milliseconds(0));
        CHECK_EQ(told, 1);
        REQUIRE(database->execute(kLong));
        CHECK_GT(told, 5);
    }
    const int then = told;
    REQUIRE(database->execute(kLong));
    CHECK_EQ(told, then);
}

TEST_CASE("many short statements count as a long one") {
    const test::Folder folder;
    auto database = Database::open(folder / "a.db", Durability::process);
    REQUIRE(database->execute("CREATE TABLE t (x)"));
    int told = 0;
    const LongWork work(*database, [&] { ++told; }, std::chrono::milliseconds(0));
    auto insert = database->prepare("INSERT INTO t VALUES (?)");
    REQUIRE(database->execute("BEGIN"));
    for (int i = 0; i < 20'000; ++i) REQUIRE(insert->with(i).run());
    REQUIRE(database->execute("COMMIT"));
    CHECK_GT(told, 5);
}

TEST_CASE("no more often than it is wanted, and by nobody where nobody wants it") {
    const test::Folder folder;
    auto database = Database::open(folder / "a.db", Durability::process);
    REQUIRE(database->execute("CREATE TABLE t (x)"));
    int told = 0;
    {
        const LongWork work(*database, [&] { ++told; }, std::chrono::hours(1));
        REQUIRE(database->execute(kLong));
    }
    CHECK_EQ(told, 1);
    const LongWork work(*database, {}, std::chrono::milliseconds(0));
    REQUIRE(database->execute(kLong));
}
