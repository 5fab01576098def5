#include "cli/verify/narrowing.hpp"

#include <algorithm>

namespace owhale::cli::verify {
namespace {

using State = Claim::State;

bool is_keyed(const Claim& claim, const std::vector<bool>& forgeable) {
    return claim.anchor < 0 || forgeable[static_cast<std::size_t>(claim.anchor)];
}

void take_held(const Claim& claim, bool keyed, const Claim& first, Narrowed& out) {
    const bool below = claim.size < out.through;
    if (!below && claim.anchor < 0) out.signed_anew |= !first.explained;
    if (!below && !keyed) out.held_beyond = true;
    if (below && keyed && claim.size > out.keyed) {
        out.keyed = claim.size;
        out.keyed_by = claim.anchor;
    }
    if (below && !keyed) {
        out.after = claim.size;
        out.matching = claim.anchor;
    }
}

} // namespace

std::optional<Narrowed> narrowed(std::span<const Claim> claims, const std::vector<bool>& forgeable) {
    const auto refuted = [](const Claim& one) { return one.anchor >= 0 && one.state == State::differs; };
    const auto first = std::ranges::find_if(claims, refuted);
    if (first == claims.end()) return {};
    Narrowed out{.through = first->size, .line = first->line, .root = first->root};
    for (const auto& claim : claims) {
        if (refuted(claim) && std::ranges::find(out.refuting, claim.anchor) == out.refuting.end())
            out.refuting.push_back(claim.anchor);
        if (claim.state == State::holds) take_held(claim, is_keyed(claim, forgeable), *first, out);
    }
    if (out.signed_anew || out.keyed <= out.after) out.keyed = 0;
    return out;
}

} // namespace owhale::cli::verify
