#include "spawner/disks.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.hpp"

using namespace owhale;
using namespace owhale::spawner;

namespace {

// Some block device of this machine, "" where there is none to look at.
std::string block_device() {
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator("/dev", gone)) {
        std::error_code ignored;
        if (entry.is_block_file(ignored)) return entry.path();
    }
    return {};
}

std::string line_of(const std::string& source, const std::string& number) {
    return "36 35 " + number + " /sub /data rw,noatime shared:7 master:1 - btrfs " + source + " rw,subvol=/sub\n";
}

} // namespace

TEST_CASE("an anonymous number is followed to what was mounted") {
    const auto device = block_device();
    if (device.empty()) return;
    struct stat st{};
    REQUIRE_EQ(::stat(device.c_str(), &st), 0);
    const auto text = line_of("/dev/null", "0:40") + line_of(device, "0:41") + line_of(device, "0:4");
    CHECK_EQ(mounted_from(makedev(0, 41), text), st.st_rdev);
    CHECK_EQ(mounted_from(makedev(0, 4), text), st.st_rdev);
    CHECK_EQ(mounted_from(makedev(0, 40), text), 0); // no block device
    CHECK_EQ(mounted_from(makedev(0, 42), text), 0);
    for (std::size_t cut = 0; cut < 60; ++cut)
        CHECK_EQ(mounted_from(makedev(0, 41), line_of("tmpfs", "0:41").substr(0, cut)), 0);
}

TEST_CASE("what is on no disk adds none, and a disk stands once") {
    const Fd memory(::open("/dev/shm", O_PATH | O_CLOEXEC)), usr(::open("/usr", O_PATH | O_CLOEXEC)),
        bin(::open("/usr/bin", O_PATH | O_CLOEXEC));
    CHECK(disks_behind({-1}).empty());
    const auto disks = disks_behind({memory.get(), usr.get(), -1, bin.get()});
    CHECK_LE(disks.size(), 1);
    CHECK_EQ(disks, disks_behind({bin.get()}));
}
