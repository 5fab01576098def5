// Hosts and ports as people write them on a command line or in a profile. Pure; whether a host is one is the daemon's word.
#pragma once

#include <string_view>

#include "shared/api_network.hpp"
#include "shared/error.hpp"

namespace owhale {

// "[ADDRESS:]HOST:PORT", an IPv6 address in brackets. invalid_value.
Result<api::Publish> parse_publish(std::string_view text);
// "HOST[:PORT[,PORT…]]", an IPv6 address in brackets when ports follow; "@LIST". invalid_value.
Result<api::HostRule> parse_host(std::string_view text);

} // namespace owhale
