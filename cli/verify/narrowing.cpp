#include "cli/verify/narrowing.hpp"

#include <algorithm>

namespace owhale::cli::verify {
namespace {

using State = Claim::State;

// Whether what holds at a size below the first that is refuted says anything of the events up to it.
bool bounds(const Claim& claim, const Narrowed& found, const std::vector<bool>& forgeable) {
    if (claim.state != State::holds || claim.size >= found.through) return false;
    if (!found.signed_anew) return true;
    const bool refutes = std::ranges::find(found.refuting, claim.anchor) != found.refuting.end();
    return claim.anchor >= 0 && (refutes || !forgeable[static_cast<std::size_t>(claim.anchor)]);
}

} // namespace

std::optional<Narrowed> narrowed(std::span<const Claim> claims, const std::vector<bool>& forgeable) {
    const auto refuted = [](const Claim& one) { return one.anchor >= 0 && one.state == State::differs; };
    const auto first = std::ranges::find_if(claims, refuted);
    if (first == claims.end()) return {};
    Narrowed out{.through = first->size};
    for (const auto& claim : claims) {
        if (refuted(claim) && std::ranges::find(out.refuting, claim.anchor) == out.refuting.end())
            out.refuting.push_back(claim.anchor);
        out.signed_anew |=
            !first->explained && claim.anchor < 0 && claim.state == State::holds && claim.size >= out.through;
    }
    for (const auto& claim : claims) {
        if (!bounds(claim, out, forgeable)) continue;
        if (claim.size == out.after && (claim.anchor < 0 || out.matching.value_or(-1) >= 0)) continue;
        out.after = claim.size; // of those of one size an anchor's
        out.matching = claim.anchor;
    }
    return out;
}

} // namespace owhale::cli::verify
