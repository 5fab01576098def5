// One page of a query: candidates from the index, looked at in the log; what is not indexed is read through.
//
// A page has a budget of time. When it is used up the page ends where it is, and says so: the caller goes on from there.
// Nothing that it asks SQLite for takes longer than a partition of the index takes, or a body.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/index/facts.hpp"
#include "audit/index/index_file.hpp"
#include "audit/index/truth.hpp"
#include "audit/log.hpp"

namespace owhale::audit::index {

// The connections that a page reads by.
struct Sources {
    Truth truth;
    std::optional<store::Database> index; // none: all is read through
    bool index_failed = false;            // the last failure was the index's: ask again without it
};

// Fails with invalid_value for what cannot be asked for, else with state_unavailable.
Result<Page> find_page(Sources& sources, const Query& query, std::chrono::microseconds budget);

} // namespace owhale::audit::index
