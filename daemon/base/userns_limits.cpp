#include "base/userns_limits.hpp"

#include <charconv>

#include "base/files.hpp"

namespace owhale {
namespace {

constexpr std::size_t kLongestNumber = 64;

long number_in(const std::string& path) {
    const auto text = read_file(path, kLongestNumber).value_or("");
    long number = -1;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::string by_sysctl(const std::string& setting) {
    return "sysctl -w " + setting + ", and that line in /etc/sysctl.d/60-owhaled.conf to keep it";
}

} // namespace

UsernsLimits read_userns_limits(const std::string& folder) {
    return {number_in(folder + "/user/max_user_namespaces"),
            number_in(folder + "/kernel/unprivileged_userns_clone") == 0,
            number_in(folder + "/kernel/apparmor_restrict_unprivileged_userns") == 1};
}

Hindrance hindrance(const UsernsLimits& limits, bool as_root) {
    if (limits.most == 0)
        return {"user.max_user_namespaces is 0: nobody gets one", by_sysctl("user.max_user_namespaces=10000")};
    if (as_root) return {};
    if (limits.root_only)
        return {"kernel.unprivileged_userns_clone is 0: root alone gets one",
                by_sysctl("kernel.unprivileged_userns_clone=1") + "; or run owhaled as root"};
    if (limits.by_profile)
        return {
            "kernel.apparmor_restrict_unprivileged_userns is 1: only what an AppArmor profile names gets a useful one",
            "load owhaled's: apparmor_parser -r /etc/apparmor.d/owhaled; or run owhaled as root"};
    return {};
}

} // namespace owhale
