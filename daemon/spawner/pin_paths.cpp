// Which places hold what was agreed to, by the plans alone.
#include "spawner/below.hpp"
#include "spawner/pins.hpp"

namespace owhale::spawner {

std::optional<std::string> host_of(const JailPlan& plan, const std::string& path) {
    const MountOp* last = nullptr;
    for (const auto& op : plan.mounts)
        if ((op.flags & wire::kMountPin) == 0 && op.kind != wire::MountKind::symlink && same_or_below(path, op.target))
            last = &op;
    if (last == nullptr || last->host.empty()) return std::nullopt;
    return last->host + path.substr(last->target.size());
}

std::vector<std::string> pins_in(const JailPlan& cage, const std::string& host) {
    std::vector<std::string> pins;
    for (const auto& op : cage.mounts) {
        if (op.host.empty() || !op.landlock_write || !same_or_below(host, op.host)) continue;
        for (auto slash = host.find('/', op.host.size() + 1);; slash = host.find('/', slash + 1)) {
            if (host.size() == op.host.size()) break; // the mount itself, which has its place already
            pins.push_back(op.target + host.substr(op.host.size(), slash - op.host.size()));
            if (slash == std::string::npos) break;
        }
    }
    return pins;
}

} // namespace owhale::spawner
