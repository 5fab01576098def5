// How many sessions and tokens for agents are live, everybody's. In the state's database.
#pragma once

#include "identity/sessions.hpp"
#include "store/database.hpp"

namespace owhale::identity {

Result<std::uint64_t> count_live(store::Database& database, SessionKind kind, std::int64_t now_us);

} // namespace owhale::identity
