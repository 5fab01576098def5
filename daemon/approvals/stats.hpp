// How often people were asked, how long they took, and what would have spared them.
#pragma once

#include <string>

#include "approvals/prompt_counts.hpp"
#include "shared/api_approvals.hpp"
#include "store/statements.hpp"

namespace owhale::approvals {

inline constexpr std::uint64_t kLongestStats = 24 * 90; // hours

class Stats {
public:
    Stats(PromptCounts& counts, store::Database& database) : counts_(counts), statements_(database) {}

    // Of the last `hours`; `principal` "" everybody's. Suggestions come from the newest thousand answered requests.
    Result<api::ApprovalStats> of(const std::string& principal, std::uint64_t hours);

private:
    Result<std::vector<api::Approval>> answered(const std::string& principal, std::uint64_t hours);

    PromptCounts& counts_;
    store::Statements statements_;
};

} // namespace owhale::approvals
