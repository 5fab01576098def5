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

} // namespace

void narrow(Ceiling& to, const Ceiling& by) {
    narrow_net(to, by);
    if (to.profile.empty() || by.profile == "readonly") {
        if (!by.profile.empty()) to.profile = by.profile;
    }
    to.read_only = to.read_only || by.read_only;
}

} // namespace owhale::policy
