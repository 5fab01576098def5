#include "identity/powers.hpp"

#include <algorithm>

namespace owhale::identity {
namespace {

using enum Permission;

constexpr std::uint32_t bits(auto... permissions) {
    return (static_cast<std::uint32_t>(permissions) | ...);
}

} // namespace

const std::vector<PowerRow>& powers() {
    const auto row = [](Power power, std::uint32_t permissions, Permission needs, std::string_view meaning) {
        return PowerRow{power, pairing::name_of(power), permissions, needs, meaning};
    };
    static const std::vector<PowerRow> all = {
        row(kMayApprove, bits(approvals_read, approvals_decide, grants, events), approvals_decide,
            "sees requests and answers them; sees and ends standing grants"),
        row(kMayAudit, bits(audit_read, events), audit_read, "reads the audit log"),
        row(kMayRuns, bits(runs_read, runs_control, events), runs_read,
            "sees runs and their output, writes to them, ends them; starts none"),
        row(kMayFreeze, bits(freeze), freeze, "the red button: freeze and thaw"),
    };
    return all;
}

std::vector<std::string> power_names(std::uint32_t set) {
    std::vector<std::string> names;
    for (const auto& row : powers())
        if ((set & row.power) != 0) names.emplace_back(row.name);
    return names;
}

Result<std::uint32_t> powers_of(const std::vector<std::string>& names) {
    std::uint32_t set = 0;
    for (const auto& name : names) {
        const auto row = std::ranges::find(powers(), name, &PowerRow::name);
        if (row == powers().end())
            return fail(Code::invalid_value, "can: there is no such power", "there are " + pairing::all_powers());
        if ((set & row->power) != 0) return fail(Code::invalid_value, "can: " + name + " stands twice");
        set |= row->power;
    }
    if (set == 0)
        return fail(Code::invalid_value, "can: a device needs at least one power",
                    "there are " + pairing::all_powers());
    return set;
}

Status check_gives(const Principal& giver, std::uint32_t set) {
    for (const auto& row : powers())
        if ((set & row.power) != 0 && !giver.may(row.needs, true))
            return fail(Code::forbidden,
                        giver.name + " cannot give the power " + std::string(row.name) + ": it lacks the right itself",
                        "`owhalectl whoami` tells what it has");
    return {};
}

std::uint32_t within(const Principal& owner, std::uint32_t set) {
    std::uint32_t out = 0;
    for (const auto& row : powers())
        if ((set & row.power) != 0 && owner.may(row.needs, true)) out |= row.power;
    return out;
}

void confine(Principal& device, std::uint32_t set) {
    auto permitted = bits(system_read);
    for (const auto& row : powers())
        if ((set & row.power) != 0) permitted |= row.permissions;
    device.own &= permitted;
    device.any &= permitted;
}

} // namespace owhale::identity
