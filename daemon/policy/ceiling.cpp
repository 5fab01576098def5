#include "policy/ceiling.hpp"

#include <algorithm>

#include "policy/fields.hpp"

namespace owhale::policy {
namespace {

// In the order of kNets; what says nothing is the widest.
std::size_t width(const std::string& net) {
    return static_cast<std::size_t>(std::ranges::find(kNets, net) - kNets.begin());
}

void narrow_net(Ceiling& to, const Ceiling& by) {
    const bool both = to.net == "scoped" && by.net == "scoped";
    if (both && !by.hosts.empty()) {
        if (to.hosts.empty()) to.hosts = by.hosts;
        std::erase_if(to.hosts, [&](const auto& host) { return std::ranges::find(by.hosts, host) == by.hosts.end(); });
        if (to.hosts.empty()) to.net = "none";
    }
    if (width(by.net) >= width(to.net)) return;
    to.net = by.net;
    to.hosts = by.hosts;
}

// Which of two is the narrower is a matter of what they hold: both are kept, and whoever knows them holds to both.
void narrow_profile(Ceiling& to, const Ceiling& by) {
    const auto add = [&](const std::string& name) {
        if (name.empty() || name == to.profile || std::ranges::find(to.also, name) != to.also.end()) return;
        to.profile.empty() ? void(to.profile = name) : to.also.push_back(name);
    };
    add(by.profile);
    for (const auto& name : by.also) add(name);
}

} // namespace

void narrow(Ceiling& to, const Ceiling& by) {
    narrow_net(to, by);
    narrow_profile(to, by);
    to.read_only = to.read_only || by.read_only;
}

std::string profiles_of(const Ceiling& ceiling) {
    std::string out = ceiling.profile;
    for (const auto& name : ceiling.also) out += " and " + name;
    return out;
}

} // namespace owhale::policy
