#include "verbs/doctor.hpp"

#include <cstdio>
#include <string>

#include "sandbox/layers.hpp"
#include "verbs/doctor_network.hpp"

namespace owhale::verbs {
namespace {

constexpr int kFloorMajor = 6, kFloorMinor = 1; // Debian 12's own

api::Check check_kernel(std::string_view release) {
    api::Check check{"kernel", "ok", "Linux " + std::string(release), "", ""};
    int major = 0, minor = 0;
    if (std::sscanf(std::string(release).c_str(), "%d.%d", &major, &minor) == 2 &&
        (major > kFloorMajor || (major == kFloorMajor && minor >= kFloorMinor)))
        return check;
    check.state = "weaker";
    check.lost = "owhaled is tested on Linux 6.1 and newer: newer protections may be absent";
    check.fix = "a newer kernel";
    return check;
}

std::string landlock_detail(const wire::Ready& ready) {
    std::string detail = "ABI " + std::to_string(ready.landlock_abi);
    if (ready.landlock_abi < 3) detail += "; truncation is not covered (ABI 3, Linux 6.2)";
    if (ready.landlock_abi < 6)
        detail += "; abstract sockets are covered by the network namespace instead (ABI 6, Linux 6.12)";
    return detail;
}

std::string cgroup_detail(const wire::Ready& ready) {
    std::string detail = "controllers:";
    constexpr std::string_view kNames[] = {"memory", "pids", "cpu", "io"};
    for (unsigned i = 0; i < 4; ++i)
        if ((ready.cgroup_controllers >> i & 1) != 0) detail += " " + std::string(kNames[i]);
    return ready.cgroup_controllers == 0 ? "no controllers" : detail;
}

api::Check check_layer(const sandbox::LayerRow& row, const wire::Ready& ready, const config::Mode& mode) {
    api::Check check{std::string(row.name), "ok", std::string(row.there), "", ""};
    if (row.layer == wire::kLayerLandlock && ready.landlock_abi != 0) check.detail = landlock_detail(ready);
    if (row.layer == wire::kLayerCgroupLimits) check.detail = cgroup_detail(ready);
    if ((ready.missing & row.layer) == 0) return check;
    const bool vital = row.layer == wire::kLayerUserns || row.layer == wire::kLayerSeccomp;
    check.state = vital || mode.missing_layer_refuses ? "missing" : "weaker";
    check.lost = row.lost;
    if (mode.missing_layer_refuses)
        check.lost += "; the mode " + std::string(mode.name) + " refuses every run without it";
    check.fix = row.fix;
    return check;
}

api::Check check_wsl(std::string_view release) {
    api::Check check{"wsl", "ok", "not WSL", "", ""};
    if (release.find("icrosoft") == std::string_view::npos) return check;
    check.state = "weaker";
    check.detail = "this is WSL";
    check.lost = "Windows drives (/mnt/c) and interoperability are outside what the cage knows";
    check.fix = "keep work below the Linux home";
    return check;
}

} // namespace

api::Doctor examine(const wire::Ready& ready, std::string_view release, const config::Mode& mode,
                    std::vector<api::Check> more) {
    api::Doctor out;
    out.checks.push_back(check_kernel(release));
    for (const auto& row : sandbox::layers()) out.checks.push_back(check_layer(row, ready, mode));
    for (auto& check : examine_network(ready)) out.checks.push_back(std::move(check));
    out.checks.push_back(check_wsl(release));
    for (auto& check : more) out.checks.push_back(std::move(check));
    std::size_t weak = 0, missing = 0;
    for (const auto& check : out.checks) {
        if (check.state == "weaker") ++weak;
        if (check.state == "missing") ++missing;
    }
    out.strict_ready = ready.missing == 0;
    out.summary = "mode " + std::string(mode.name) + (ready.rootless != 0 ? ", rootless: " : ", root mode: ") +
                  std::to_string(out.checks.size() - weak - missing) + " ok, " + std::to_string(weak) + " weaker, " +
                  std::to_string(missing) + " missing";
    if (!out.strict_ready) out.summary += "; not ready for strict";
    return out;
}

} // namespace owhale::verbs
