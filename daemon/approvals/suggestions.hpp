// What would have spared questions: grants and rules, from what people agreed to. Pure.
#pragma once

#include <span>
#include <vector>

#include "shared/api_approvals.hpp"

namespace owhale::approvals {

inline constexpr std::size_t kMostSuggestions = 20;

// Of requests that have been answered, newest first, with their offers. The one that spares most comes first; a command
// that somebody refused is not suggested, nor what is critical, nor what was approved fewer than three times.
std::vector<api::Suggestion> suggest(std::span<const api::Approval> answered);

} // namespace owhale::approvals
