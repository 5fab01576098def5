// match_glob for short patterns without alternatives: its states are the bits of one word, so that nothing is allocated.
#pragma once

#include <optional>

#include "policy/normal/value.hpp"

namespace owhale::policy {

// What match_glob says; none where the pattern has more than 63 parts.
std::optional<Match> match_small(std::string_view pattern, std::string_view text);

} // namespace owhale::policy
