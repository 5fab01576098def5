// What was agreed to stays in its place: who may rename what, in which cage.
//
// A copy that is bound over a name goes when that name is renamed over or removed by anybody, in whichever mount namespace
// (the kernel detaches what is mounted on it); and a folder above can be moved away with it. But within a mount namespace a
// mount point cannot be renamed or removed (rename(2), EBUSY). So, for as long as a run of approved files lives, each of
// them and the folders above it are mount points, bound onto themselves, in every other cage that writes there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "spawner/jail_plan.hpp"

namespace owhale::spawner {

// Where a file of this cage lies outside of it; none: in no folder of the host's that a cage could write.
std::optional<std::string> host_of(const JailPlan& plan, const std::string& path);
// The places, outermost first, that have to be mount points in this cage so that nothing in it replaces the host's file.
std::vector<std::string> pins_in(const JailPlan& cage, const std::string& host);

struct Pin {
    std::string path;
    bool again = false; // it was made before: once more only where somebody outside has replaced what was there
};
struct PinJob {
    int user = -1, mount = -1; // the cage's namespaces
    const JailPlan* cage = nullptr;
    std::vector<Pin> pins; // outermost first
    bool take_away = false;
};
// A short-lived process of the cage's ids that enters it and pins, all or none, or takes the pins away; its exit code is 0
// or an errno. It may hang in a client's mount: nobody waits for it without a deadline.
Result<Fd> start_pinning(const PinJob& job);

} // namespace owhale::spawner
