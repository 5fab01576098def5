#include "sandbox/machine.hpp"

#include <filesystem>

#include "base/log.hpp"
#include "sandbox/paths.hpp"

namespace owhale::sandbox {
namespace {

Machine& known() {
    static Machine all;
    return all;
}

} // namespace

void look_at_machine(const std::string& profile_dir) {
    std::error_code error;
    const auto real = std::filesystem::canonical(kResolverFile, error);
    if (!error) known().resolver_file = real.string();
    known().userns = read_userns_limits();
    auto lists = read_host_folder(join(parent(profile_dir), "policy/hosts"));
    if (lists)
        known().lists = std::move(*lists);
    else
        log::warning("the lists of hosts are not read", {{"why", to_line(lists.error())}});
}

const Machine& machine() {
    return known();
}

} // namespace owhale::sandbox
