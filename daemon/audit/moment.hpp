// Times as people and events write them, in microseconds since the Unix epoch, as rows hold them.
#pragma once

#include <cstdint>
#include <string>

#include "shared/error.hpp"

namespace owhale::audit {

// "2026-11-22", "2026-11-22T13:00:00Z", with a fraction, with +01:00. Fails with invalid_value, which names
// the parameter that the text is of.
Result<std::int64_t> moment_of(const std::string& text, const std::string& parameter = {});
// Of the parameters `since` and `until`, "" for what is not given: invalid_value, which says both, where the first comes after
// the other. What they would choose is nothing, which nobody asks for.
Status check_order(const std::string& since, const std::string& until);

} // namespace owhale::audit
