// For whom a trusted proxy speaks.
#pragma once

#include <span>
#include <string_view>

#include "config/endpoint.hpp"

namespace owhale::transport {

// Reads X-Forwarded-For from right to left for as long as what stands to the right is a trusted proxy: the last entry
// is what the proxy itself saw, all further left is the client's own claim. What is no address ends the reading, and
// the last address that was one counts. `socket` is the proxy's own.
config::Address client_behind(std::span<const config::Address> proxies, const config::Address& socket,
                              std::string_view forwarded_for);

} // namespace owhale::transport
