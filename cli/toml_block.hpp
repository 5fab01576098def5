// A table at the end of a TOML file, put there and taken off as text: the rest stays byte for byte.
#pragma once

#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::cli {

// With "[at.name]" and the lines of `body` at the end. malformed_json: it is no TOML. conflict: that table is there already, or
// could not stand there (`at` is an inline table).
Result<std::string> with_table(std::string_view text, std::string_view at, std::string_view name,
                               std::string_view body);

// Whether the table is there with just these values.
Result<bool> has_table(std::string_view text, std::string_view at, std::string_view name, std::string_view body);

// Without the table, when `is_ours` holds for its "command"; only one that has a head "[at.name]" of its own. A table below it
// goes, too.
Result<std::string> without_table(std::string_view text, std::string_view at, std::string_view name,
                                  bool (*is_ours)(std::string_view));

} // namespace owhale::cli
