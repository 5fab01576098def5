#include "store/lock.hpp"

#include <unistd.h>

#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;

TEST_CASE("a second owhaled is refused, by the first one's number") {
    const test::Folder folder;
    auto first = store::lock_state(folder.path());
    REQUIRE(first);
    const auto second = store::lock_state(folder.path());
    REQUIRE_FALSE(second);
    CHECK_EQ(second.error().code, Code::conflict);
    CHECK_NE(second.error().message.find("process " + std::to_string(::getpid()) + ","), std::string::npos);
    first->reset();
    CHECK(store::lock_state(folder.path()));
}

TEST_CASE("a link in the lock's place is not followed") {
    const test::Folder folder;
    REQUIRE_EQ(::symlink((folder / "elsewhere").c_str(), (folder / "lock").c_str()), 0);
    CHECK_FALSE(store::lock_state(folder.path()));
    CHECK_NE(::access((folder / "elsewhere").c_str(), F_OK), 0);
}
