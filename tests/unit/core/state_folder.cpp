// Who may own the state folder, and what becomes of it.
#include "state_folder.hpp"

#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;

namespace {

constexpr uid_t kBroker = 1899999999;
const bool am_root = ::geteuid() == 0;

config::Settings with_state(const std::string& path) {
    config::Settings settings;
    settings.state_dir = path;
    settings.rootless = !am_root;
    settings.uid = am_root ? kBroker : ::geteuid();
    settings.gid = am_root ? kBroker : ::getegid();
    return settings;
}

std::string refusal(const config::Settings& settings) {
    const auto done = prepare_state_folder(settings);
    if (done) return "it was accepted";
    CHECK_EQ(done.error().code, Code::state_unavailable);
    CHECK_FALSE(done.error().next.empty());
    return done.error().message;
}

struct stat standing(const std::string& path) {
    struct stat st{};
    CHECK_EQ(::lstat(path.c_str(), &st), 0);
    return st;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a new one is made with the folders above it, closed, the broker's own") {
    const test::Folder folder;
    const auto settings = with_state(folder / "a/b/state");
    REQUIRE(prepare_state_folder(settings));
    CHECK_EQ(standing(settings.state_dir).st_mode & 07777, 0700);
    CHECK_EQ(standing(settings.state_dir).st_uid, settings.uid);
    CHECK_EQ(standing(folder / "a").st_uid, ::geteuid());
    CHECK(prepare_state_folder(settings));
}

TEST_CASE("one that others can read is closed") {
    const test::Folder folder;
    const auto settings = with_state(folder / "state");
    REQUIRE(prepare_state_folder(settings));
    ::chmod(settings.state_dir.c_str(), 0755);
    REQUIRE(prepare_state_folder(settings));
    CHECK_EQ(standing(settings.state_dir).st_mode & 07777, 0700);
}

TEST_CASE("one that others can write is refused") {
    const test::Folder folder;
    const auto settings = with_state(folder / "state");
    REQUIRE(prepare_state_folder(settings));
    ::chmod(settings.state_dir.c_str(), 0770);
    CHECK(has(refusal(settings), "can be written by others"));
}

TEST_CASE("a link or a file in its place is refused") {
    const test::Folder folder;
    REQUIRE(prepare_state_folder(with_state(folder / "state")));
    REQUIRE_EQ(::symlink((folder / "state").c_str(), (folder / "link").c_str()), 0);
    CHECK(has(refusal(with_state(folder / "link")), "is not a folder"));
    std::ofstream(folder / "file") << "";
    CHECK(has(refusal(with_state(folder / "file")), "is not a folder"));
    CHECK(has(refusal(with_state(folder / "file/state")), "cannot be made"));
}

TEST_CASE("root's folder becomes the broker's while it is empty, and only then") {
    if (!am_root) {
        MESSAGE("skipped: only root can try this");
        return;
    }
    const test::Folder folder;
    const auto settings = with_state(folder / "state");
    REQUIRE_EQ(::mkdir(settings.state_dir.c_str(), 0755), 0);
    std::ofstream(folder / "state/precious") << "";
    CHECK(has(refusal(settings), "belongs to root and is not empty"));
    CHECK_EQ(standing(settings.state_dir).st_uid, 0);
    REQUIRE_EQ(::unlink((folder / "state/precious").c_str()), 0);
    REQUIRE(prepare_state_folder(settings));
    CHECK_EQ(standing(settings.state_dir).st_uid, kBroker);
}

TEST_CASE("what lies in the broker's folder is never handed over") {
    if (!am_root) {
        MESSAGE("skipped: only root can try this");
        return;
    }
    const test::Folder folder;
    const auto settings = with_state(folder / "state");
    REQUIRE(prepare_state_folder(settings));
    std::ofstream(folder / "secret") << "";
    REQUIRE_EQ(::link((folder / "secret").c_str(), (folder / "state/audit.db").c_str()), 0);
    REQUIRE(prepare_state_folder(settings));
    CHECK_EQ(standing(folder / "secret").st_uid, 0);
}

TEST_CASE("someone else's is refused") {
    if (!am_root) {
        MESSAGE("skipped: only root can try this");
        return;
    }
    const test::Folder folder;
    const auto settings = with_state(folder / "state");
    REQUIRE_EQ(::mkdir(settings.state_dir.c_str(), 0700), 0);
    REQUIRE_EQ(::chown(settings.state_dir.c_str(), 1234, 1234), 0);
    CHECK(has(refusal(settings), "belongs to uid 1234"));
}
