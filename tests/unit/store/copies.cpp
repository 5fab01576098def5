// Copies that a change of the schema kept go by their age, and nothing else does.
#include <filesystem>
#include <fstream>

#include "folder.hpp"
#include "store/copy.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::store;

namespace {

namespace fs = std::filesystem;

void lay_down(const std::string& path, std::chrono::hours age) {
    std::ofstream(path) << "what was said";
    fs::last_write_time(path, fs::file_time_type::clock::now() - age);
}

} // namespace

TEST_CASE("a copy goes when it is old; the databases and what others keep there stay") {
    const test::Folder folder;
    constexpr std::chrono::hours old(31 * 24), young(24);
    for (const auto* name :
         {"audit.db.before-002", "state.db.before-006", "state.db.before-1000", "audit.db.before-002.part"})
        lay_down(folder / name, old);
    for (const auto* name : {"audit.db", "audit.db-wal", "audit.key", "audit.db.before-", "audit.db.before-2x",
                             "mine.before-002", "audit.db.before-002.mine"})
        lay_down(folder / name, old);
    lay_down(folder / "audit.db.before-003", young);
    const auto gone = drop_copies(folder.path(), std::chrono::hours(30 * 24));
    REQUIRE(gone);
    CHECK_EQ(gone->size(), 4);
    for (const auto* name : {"audit.db", "audit.db-wal", "audit.key", "audit.db.before-", "audit.db.before-2x",
                             "mine.before-002", "audit.db.before-002.mine", "audit.db.before-003"})
        CHECK_MESSAGE(fs::exists(folder / name), name);
    CHECK_FALSE(fs::exists(folder / "audit.db.before-002"));
}

TEST_CASE("a folder of that name is no copy, and one that is not there is an error") {
    const test::Folder folder;
    fs::create_directory(folder / "audit.db.before-002");
    const auto gone = drop_copies(folder.path(), std::chrono::hours(0));
    REQUIRE(gone);
    CHECK(gone->empty());
    CHECK_FALSE(drop_copies(folder / "nowhere", std::chrono::hours(0)));
}
