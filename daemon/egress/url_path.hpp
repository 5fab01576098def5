// Paths of URLs in the spelling in which they are judged (RFC 3986 section 6.2.2). Pure.
#pragma once

#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::egress {

// Without query and fragment; escapes of unreserved characters decoded, the others in upper case. An escaped slash stays
// one ("/@scope%2Fname", as registries have it). invalid_value: "." and ".." segments, between escaped slashes, too,
// backslashes and NUL, controls, bytes that are no URL's: two servers would read them differently.
Result<std::string> normal_path(std::string_view target);
// By whole segments: "/v1" has "/v1" and "/v1/x" within, not "/v10". "/v1/" the same as "/v1"; "/" everything.
bool path_within(std::string_view path, std::string_view prefix);

} // namespace owhale::egress
