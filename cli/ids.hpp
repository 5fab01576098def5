// Things named by their id, or by as much of its beginning or its end as only one has: ids begin with the time, so lists
// show their ends.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/error.hpp"

namespace owhale::cli {

bool is_whole_id(std::string_view text);
// `named` itself when it is a whole id; else an error when it is too short, or no part of one; else empty. `noun` ("run") and
// `list` ("owhalectl runs ls lists the ids") are for the error.
Result<std::string> whole_or_part(const std::string& named, const std::string& noun, const std::string& list);
// The one of `ids` that begins or ends with `named`.
Result<std::string> meant_id(const std::string& named, const std::vector<std::string>& ids, const std::string& noun,
                             const std::string& list);

} // namespace owhale::cli
