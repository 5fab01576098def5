#include "spawner/disks.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/sysmacros.h>

using namespace owhale;
using namespace owhale::spawner;

namespace {

const char* const kMountinfo = "22 28 0:20 / /proc rw shared:1 - proc proc rw\n"
                               "28 1 7777:1 / / rw,relatime shared:2 - ext4 /dev/sda1 rw\n"
                               "30 28 0:25 / /dev/shm rw shared:3 - tmpfs tmpfs rw\n"
                               "31 28 7777:2 / /home rw shared:4 master:1 - ext4 /dev/sdb1 rw\n"
                               "32 31 7777:3 / /home/a\\040b/deep rw - xfs /dev/sdc rw\n"
                               "33 31 0:40 / /home/me/remote rw - fuse.sshfs /dev/sda rw\n"
                               "34 28 0:41 / /srv rw - nfs4 host:/x rw\n"
                               "35 28 7777:4 / /srv rw - ext4 /dev/sdd rw\n"
                               "broken\n36 28 x:y / /z rw - ext4 /dev/sdd rw\n37 28 1:2 / /q rw ext4\n";

Result<std::vector<std::string>> behind(const std::vector<std::string>& folders) {
    return disks_behind(folders, read_mountinfo(kMountinfo));
}

} // namespace

TEST_CASE("the disk that a folder is on, and those below it") {
    using Disks = std::vector<std::string>;
    CHECK_EQ(read_mountinfo(kMountinfo).size(), 8);
    CHECK_EQ(behind({"/usr"}).value(), Disks{"7777:1"});
    CHECK_EQ(behind({"/usr", "/home/a b", "/etc"}).value(), Disks{"7777:1", "7777:2", "7777:3"});
    CHECK_EQ(behind({"/home/a b/deep/er"}).value(), Disks{"7777:3"});
    CHECK_EQ(behind({"/home/a bc", "/homely"}).value(), Disks{"7777:1", "7777:2"});
    CHECK_EQ(behind({"/dev/shm", "/proc/self"}).value(), Disks{});
    CHECK_EQ(behind({"/srv"}).value(), Disks{"7777:4"}); // what lies on top
    CHECK_EQ(behind({}).value(), Disks{});
}

TEST_CASE("what is on no disk of this machine is told, whatever it says its source is") {
    for (const auto* folder : {"/home/me/remote", "/home/me", "/home/me/remote/x", "/"}) {
        CAPTURE(folder);
        const auto disks = behind({"/usr", folder});
        REQUIRE_FALSE(disks.has_value());
        CHECK_EQ(disks.error().code, Code::unsupported);
        CHECK_NE(disks.error().message.find("/home/me/remote"), std::string::npos);
    }
    CHECK_FALSE(disks_behind({"/usr"}, {}).has_value());
}

TEST_CASE("btrfs has a number of its own, and is looked up by its source") {
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator("/dev", gone)) {
        struct stat st{};
        if (::stat(entry.path().c_str(), &st) != 0 || !S_ISBLK(st.st_mode)) continue;
        const auto number = std::to_string(major(st.st_rdev)) + ":" + std::to_string(minor(st.st_rdev));
        const auto of = [&](unsigned its, unsigned minor, const std::string& type) {
            return disks_behind({"/data/x"}, {{its, minor, "/data", type, entry.path()}});
        };
        CHECK_EQ(of(0, 50, "btrfs").value_or(std::vector<std::string>{}),
                 of(major(st.st_rdev), minor(st.st_rdev), "ext4").value_or(std::vector<std::string>{}));
        CHECK_FALSE(of(0, 50, "fuse").has_value());
        return;
    }
}
