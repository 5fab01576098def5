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

Hindrance of_setting(std::string what, std::string setting, const std::string& otherwise = {}) {
    auto fix = "sysctl -w " + setting + ", and that line in /etc/sysctl.d/60-owhaled.conf to keep it" + otherwise;
    return {std::move(what), std::move(fix), std::move(setting), {}};
}

} // namespace

UsernsLimits read_userns_limits(const std::string& folder) {
    return {number_in(folder + "/user/max_user_namespaces"),
            number_in(folder + "/kernel/unprivileged_userns_clone") == 0,
            number_in(folder + "/kernel/apparmor_restrict_unprivileged_userns") == 1};
}

std::vector<Hindrance> hindrances(const UsernsLimits& limits, bool as_root) {
    std::vector<Hindrance> out;
    if (limits.most == 0)
        out.push_back(of_setting("user.max_user_namespaces is 0: nobody gets one", "user.max_user_namespaces=15000"));
    if (as_root) return out;
    if (limits.root_only)
        out.push_back(of_setting("kernel.unprivileged_userns_clone is 0: root alone gets one",
                                 "kernel.unprivileged_userns_clone=1", "; or run owhaled as root"));
    if (limits.by_profile)
        out.push_back({"kernel.apparmor_restrict_unprivileged_userns is 1: only what an AppArmor profile names gets a "
                       "useful one",
                       "load owhaled's: apparmor_parser -r /etc/apparmor.d/owhaled; or run owhaled as root",
                       {},
                       "apparmor_parser -r /etc/apparmor.d/owhaled"});
    return out;
}

Hindrance hindrance(const UsernsLimits& limits, bool as_root) {
    auto all = hindrances(limits, as_root);
    return all.empty() ? Hindrance{} : std::move(all.front());
}

} // namespace owhale
