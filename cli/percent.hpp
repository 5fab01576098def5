// Percent-encoding (RFC 3986, 2.1). Pure.
#pragma once

#include <string>
#include <string_view>

namespace owhale::cli {

// Every byte but the unreserved characters as %XX.
std::string to_percent(std::string_view text);

} // namespace owhale::cli
