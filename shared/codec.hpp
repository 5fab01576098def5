// JSON to and from described structs (shared/api.hpp).
//
// Member names are JSON keys, without a trailing underscore. decode refuses, by name: malformed JSON, a duplicate key
// anywhere, nesting beyond 32, a key no member has, a missing required member, a wrong type, a number out of range.
// null stands for a left-out optional. encode leaves out empty optionals. Errors name the place: "limits.memory".
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::codec {

inline constexpr std::size_t kMaxDepth = 32;

// Parses with the limits above. `what` names the text in errors ("body").
Result<boost::json::value> parse(std::string_view text, std::string_view what);

// True when `text` is well-formed UTF-8 (no overlong forms, no surrogates).
bool is_utf8(std::string_view text);

template <typename T> Result<T> decode(const boost::json::value& value, std::string_view where = "");
template <typename T> Result<T> decode(std::string_view text) {
    const auto value = TRY(parse(text, "body"));
    return decode<T>(value);
}
template <typename T> boost::json::value encode(const T& message);
template <typename T> std::string to_text(const T& message);

} // namespace owhale::codec

#include "shared/codec.ipp"
