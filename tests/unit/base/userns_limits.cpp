#include "base/userns_limits.hpp"

#include <filesystem>
#include <fstream>

#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;

namespace {

// What this machine's kernel would tell; an empty text: it has no such setting.
UsernsLimits told(const std::string& most, const std::string& clone, const std::string& apparmor) {
    const test::Folder folder;
    std::filesystem::create_directories(folder / "user");
    std::filesystem::create_directories(folder / "kernel");
    const auto put = [&](const char* name, const std::string& text) {
        if (!text.empty()) std::ofstream(folder / name) << text << '\n';
    };
    put("user/max_user_namespaces", most);
    put("kernel/unprivileged_userns_clone", clone);
    put("kernel/apparmor_restrict_unprivileged_userns", apparmor);
    return read_userns_limits(folder / "");
}

} // namespace

TEST_CASE("what keeps users from user namespaces is named, with what to do") {
    CHECK_EQ(hindrance(told("15000", "1", "0"), false).what, "");
    CHECK_EQ(hindrance(told("", "", ""), false).what, ""); // a kernel that knows none of them
    CHECK_EQ(hindrance(told("15000", "rubbish", ""), false).what, "");
    const auto ubuntu = hindrance(told("15000", "1", "1"), false);
    CHECK_NE(ubuntu.what.find("apparmor_restrict_unprivileged_userns is 1"), std::string::npos);
    CHECK_NE(ubuntu.fix.find("apparmor_parser -r /etc/apparmor.d/owhaled"), std::string::npos);
    CHECK_NE(hindrance(told("15000", "0", ""), false).fix.find("sysctl -w kernel.unprivileged_userns_clone=1"),
             std::string::npos);
    CHECK_NE(hindrance(told("0", "1", "1"), false).fix.find("sysctl -w user.max_user_namespaces"), std::string::npos);
}

TEST_CASE("all that stands in the way is told, each with the one thing that takes it away") {
    const auto all = hindrances(told("0", "0", "1"), false);
    REQUIRE_EQ(all.size(), 3);
    CHECK_EQ(all[0].setting, "user.max_user_namespaces=15000");
    CHECK_EQ(all[1].setting, "kernel.unprivileged_userns_clone=1");
    CHECK_EQ(all[2].setting, "");
    CHECK_EQ(all[2].command, "apparmor_parser -r /etc/apparmor.d/owhaled");
    for (const auto& each : all)
        CHECK_NE(each.fix.find(each.setting.empty() ? each.command : each.setting), std::string::npos);
    CHECK_EQ(hindrances(told("0", "0", "1"), true).size(), 1);
    CHECK(hindrances(told("15000", "1", "0"), false).empty());
}

TEST_CASE("root is kept from them by the number alone") {
    CHECK_EQ(hindrance(told("15000", "0", "1"), true).what, "");
    CHECK_NE(hindrance(told("0", "1", "0"), true).what, "");
}
