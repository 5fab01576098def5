// Text in a header that may be anything: UTF-8 with every byte that a header cannot hold as %XX (RFC 3986, 2.1). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace owhale::mcp {

// Empty: a %XX that is not hexadecimal, a NUL, or no UTF-8.
std::optional<std::string> from_percent(std::string_view text);

} // namespace owhale::mcp
