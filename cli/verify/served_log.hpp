// The log as a running owhaled tells it over its API: what it says is verified, not believed.
#pragma once

#include <optional>
#include <string>

#include "cli/context.hpp"
#include "cli/verify/examine.hpp"

namespace owhale::cli::verify {

struct ServedHead {
    std::string note, key; // signed note; verifier key
};
// A checkpoint over all events that there are; or the newest one, made anew only if it does not cover the event `covers`.
Result<ServedHead> served_head(Context& context, std::optional<std::uint64_t> covers = std::nullopt);
// By owhaled's proof: that `to` goes on from `from`; false when it does not.
Result<bool> goes_on(Context& context, const merkle::Checkpoint& from, const merkle::Checkpoint& to);

// Of an export that ends at `from`: whether the log of this key goes on from there to `to`, into the report. Without an
// owhaled that has that log and says so, nothing is added.
void take_later(Context& context, const merkle::NoteKey& key, const merkle::Checkpoint& from,
                const merkle::Checkpoint& to, Report& report);

// All of it, or the range that is asked for, with a proof for each of its events.
Result<Report> examine_served(Context& context, const Request& request);

} // namespace owhale::cli::verify
