#include "sandbox/ceiling.hpp"

#include <algorithm>
#include <array>

#include "sandbox/scope.hpp"

namespace owhale::sandbox {
namespace {

template <typename T, std::size_t N> std::size_t rank(const std::array<T, N>& order, const std::string& value) {
    return static_cast<std::size_t>(std::ranges::find(order, value) - order.begin());
}

// Widest last.
constexpr std::array<std::string_view, 3> kNets = {"none", "scoped", "host"};
constexpr std::array<std::string_view, 3> kFilters = {"strict", "default", "build"};

template <typename T> std::optional<T> least(const std::optional<T>& a, const std::optional<T>& b) {
    if (!a || !b) return a ? a : b;
    return std::min(*a, *b);
}

// Zero is no timeout.
std::optional<std::chrono::milliseconds> least_time(const ProfileLimits& a, const ProfileLimits& b) {
    if (!a.timeout || a.timeout->count() == 0) return b.timeout ? b.timeout : a.timeout;
    if (!b.timeout || b.timeout->count() == 0) return a.timeout;
    return std::min(*a.timeout, *b.timeout);
}

std::vector<std::string> in_both(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    std::vector<std::string> out;
    for (const auto& item : a)
        if (std::ranges::find(b, item) != b.end()) out.push_back(item);
    return out;
}

ProfileLimits narrower(const ProfileLimits& a, const ProfileLimits& b) {
    ProfileLimits out;
    for (const auto limit :
         {&ProfileLimits::memory, &ProfileLimits::pids, &ProfileLimits::file_size, &ProfileLimits::open_files,
          &ProfileLimits::box, &ProfileLimits::cpu_milli, &ProfileLimits::io})
        out.*limit = least(a.*limit, b.*limit);
    out.timeout = least_time(a, b);
    return out;
}

bool same_limits(const ProfileLimits& a, const ProfileLimits& b) {
    return a.memory == b.memory && a.pids == b.pids && a.file_size == b.file_size && a.open_files == b.open_files &&
           a.box == b.box && a.cpu_milli == b.cpu_milli && a.io == b.io && a.timeout == b.timeout;
}

bool permits_the_same(const Profile& a, const Profile& b) {
    return a.filter == b.filter && a.workspace_writable == b.workspace_writable && a.unix_sockets == b.unix_sockets &&
           a.daemon == b.daemon && a.system == b.system && a.toolchains == b.toolchains && a.state == b.state &&
           same_limits(a.limits, b.limits) && same_network(a.network, b.network);
}

} // namespace

std::string net_under(const policy::Ceiling& ceiling, const std::string& asked) {
    if (ceiling.net.empty() || rank(kNets, ceiling.net) >= rank(kNets, asked)) return asked;
    return ceiling.net;
}

std::shared_ptr<const Profile> narrower_of(std::shared_ptr<const Profile> asked,
                                           std::shared_ptr<const Profile> ceiling) {
    auto both = *asked;
    if (rank(kFilters, ceiling->filter) < rank(kFilters, both.filter)) both.filter = ceiling->filter;
    both.workspace_writable = asked->workspace_writable && ceiling->workspace_writable;
    both.unix_sockets = asked->unix_sockets && ceiling->unix_sockets;
    both.daemon = asked->daemon && ceiling->daemon;
    both.system = in_both(ceiling->system, asked->system);
    both.toolchains = in_both(ceiling->toolchains, asked->toolchains);
    both.state = in_both(ceiling->state, asked->state);
    if (both.state.empty() && !asked->state.empty()) both.agent.clear();
    both.limits = narrower(ceiling->limits, asked->limits);
    both.network = narrower(asked->network, ceiling->network);
    if (permits_the_same(both, *ceiling)) return ceiling;
    if (permits_the_same(both, *asked)) return asked;
    return std::make_shared<Profile>(std::move(both));
}

} // namespace owhale::sandbox
