// Changes to a JSON file as a person wrote it: what is not changed stays byte for byte, comments and spacing too.
//
// Comments and commas before a closing bracket are read (JSONC); everything else is RFC 8259. A key that stands twice on the
// way is refused: which of them counts is the reader's own matter.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/error.hpp"

namespace owhale::cli {

using JsonPath = std::vector<std::string>;

// The value of a text; an empty or blank one is an empty object. malformed_json says where.
Result<boost::json::value> read_json_text(std::string_view text);

// With the member `key` in the object at `path`, at its end; objects on the way that are not there are made. conflict: the key
// is there, or something on the way is no object. `value` is JSON.
Result<std::string> with_member(std::string_view text, const JsonPath& path, const std::string& key,
                                std::string_view value);
// With one more element in the list at `path`.
Result<std::string> with_element(std::string_view text, const JsonPath& path, std::string_view value);

// Without the members of the object, or the elements of the list, at `path` for which `is_ours` holds; what is empty by that
// on the way there goes as well. The text itself when there are none.
using IsOurs = std::function<bool(const std::string& key, const boost::json::value& value)>;
Result<std::string> without(std::string_view text, const JsonPath& path, const IsOurs& is_ours);

} // namespace owhale::cli
