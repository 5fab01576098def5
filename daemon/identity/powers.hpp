// What a paired device may be given: powers, each a set of permissions. A device has of them what its owner has now.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "identity/principal.hpp"
#include "shared/error.hpp"
#include "shared/pairing/terms.hpp"

namespace owhale::identity {

using pairing::kMayApprove;
using pairing::kMayAudit;
using pairing::kMayFreeze;
using pairing::kMayRuns;
using pairing::Power;

struct PowerRow {
    Power power;
    std::string_view name;     // shared/pairing/terms.hpp
    std::uint32_t permissions; // bits
    Permission needs;          // whoever lacks this cannot give the power
    std::string_view meaning;
};
const std::vector<PowerRow>& powers();

std::vector<std::string> power_names(std::uint32_t set);
// By their names; none at all, or one twice, is invalid_value.
Result<std::uint32_t> powers_of(const std::vector<std::string>& names);
// Those of `set` that somebody with these rights can give: forbidden, naming the first that is beyond them.
Status check_gives(const Principal& giver, std::uint32_t set);
// Of `set`, what is of use with these rights.
std::uint32_t within(const Principal& owner, std::uint32_t set);

// Cuts a principal, which has its owner's rights, down to these powers; what every device may is added: whoami, status.
void confine(Principal& device, std::uint32_t set);

} // namespace owhale::identity
