// The plan of a run, as a broker that is not ours any more would hand it to the spawner: whatever is admitted is uid 1000's, puts
// nothing where owhaled's own mounts are, and shows nothing that was not resolved or is no system folder.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>

#include "spawner/admit.hpp"
#include "spawner/admit_mounts.hpp"

using namespace owhale;
using namespace owhale::spawner;

namespace {

constexpr std::uint32_t kUid = 1000;
constexpr std::size_t kLists = 6;

void must(bool holds) {
    if (!holds) abort();
}

struct House {
    Options options;
    std::map<std::string, Filter> filters;
    std::vector<std::string> system{"/usr", "/etc"};
    NetworkScript network{};
    House() {
        options.forbid = {"/var/lib/owhaled", "/run/owhaled", "/etc/owhaled"};
        options.max_memory = 1u << 30;
        options.max_pids = 4096;
        for (const auto* name : {"default", "build", "strict", "warden"}) filters[name] = {name, {}, {}};
    }
    Grounds grounds() const { return {options, filters, system, -1, 2, 7, 1u << 30, network, 7717}; }
};

Resolution resolved() {
    Resolution out;
    out.facts.uid = out.facts.gid = kUid;
    out.identity.uid = out.identity.gid = kUid;
    out.cwd.reset(::open("/tmp", O_PATH | O_CLOEXEC));
    out.workspace.reset(::open("/tmp", O_PATH | O_CLOEXEC));
    out.cwd_path = out.workspace_path = "/tmp";
    return out;
}

bool is_below(const std::string& path, std::string_view folder) {
    return path == folder || path.starts_with(std::string(folder) + "/");
}

void check_mount(const MountOp& op, const House& house) {
    must(normalized(op.target) && !reserved_target(op.target) && !is_below(op.target, "/proc"));
    if (op.kind != wire::MountKind::system || (op.flags & wire::kMountPin) != 0) return;
    must(is_below(op.source, "/usr") || is_below(op.source, "/etc"));
    for (const auto& folder : house.options.forbid) must(!is_below(op.source, folder) && !is_below(folder, op.source));
}

void check(const Admitted& admitted, const House& house) {
    const auto& plan = *admitted.plan;
    must(plan.uid == kUid && plan.gid == kUid && !plan.net_host && !admitted.idmapped);
    must(plan.program.starts_with('/') && plan.cwd.starts_with('/') && !plan.argv.empty());
    must(plan.argv_p.size() == plan.argv.size() + 1 && plan.env_p.size() == plan.env.size() + 1);
    must(plan.filter != nullptr && plan.filter->name != "warden");
    must(admitted.limits.memory <= 1u << 30 && admitted.limits.pids <= 4096 && admitted.limits.memory >= 4u << 20);
    for (const auto port : plan.host_ports) must(plan.scoped && port != 0 && port != 7717);
    for (const auto& file : plan.approved) must(normalized(file.path) && !reserved_target(file.path));
    for (const auto& op : plan.mounts) check_mount(op, house);
}

} // namespace

// The message's own bytes, as many as there are of the struct, then the blob of its strings.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const House house;
    wire::Run message{};
    if (size < sizeof message) return 0;
    std::memcpy(&message, data, sizeof message);
    auto blob = wire::unpack({reinterpret_cast<const char*>(data) + sizeof message, size - sizeof message}, kLists);
    if (!blob) return 0;
    auto resolution = resolved();
    const auto admitted = admit(message, std::move(*blob), resolution, house.grounds(), nullptr);
    if (admitted)
        check(*admitted, house);
    else
        must(!admitted.error().message.empty());
    return 0;
}
