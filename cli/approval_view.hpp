// A request for approval as a person reads it before deciding: whole, with what strangers wrote kept apart from what
// owhaled knows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/drawing.hpp"
#include "shared/api_approvals.hpp"

namespace owhale::cli {

struct ViewOptions {
    std::size_t columns = 80; // 0: as wide as it likes
    std::int64_t now = 0;     // seconds since the epoch
    std::string user;         // name of runs_as() on this machine, "" unknown
    bool details = false;     // with the commands as owhaled reads them, and what its limits are
};

// The uid that its command runs as, which is not that of who asks where that one is root, or asks over TCP.
std::uint32_t runs_as(const api::Approval& approval);

// What to read, line by line; none wider than the columns, from 20 on.
std::vector<Line> view_of(const api::Approval& approval, const ViewOptions& options);

// What would be stored if it were granted like this, to be read before it is.
std::vector<Line> grant_view(const api::Approval& approval, const api::GrantRequest& grant, const ViewOptions& options);

Tone tone_of_severity(std::string_view severity);
Tone tone_of_approval(std::string_view state);
std::string short_id(const std::string& id); // its last 8 characters: unlike the first ones they differ
// "12s ago", "in 9m"; what is no time as it is.
std::string relative(const std::string& rfc3339, std::int64_t now);

} // namespace owhale::cli
