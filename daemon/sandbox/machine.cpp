#include "sandbox/machine.hpp"

#include <filesystem>

namespace owhale::sandbox {
namespace {

Machine& known() {
    static Machine all;
    return all;
}

} // namespace

void look_at_machine() {
    std::error_code error;
    const auto real = std::filesystem::canonical(kResolverFile, error);
    if (!error) known().resolver_file = real.string();
}

const Machine& machine() {
    return known();
}

} // namespace owhale::sandbox
