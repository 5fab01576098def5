// Lines of allowlists as people write them: checked, brought into their one spelling, and compared. Pure. Names are LDH and
// underscore (RFC 1034, 5890: A-labels alone), addresses as inet_pton(3) reads them.
#pragma once

#include <string>
#include <vector>

#include "shared/api_network.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

// invalid_value says what is wrong. An address or a range needs its ports; 64 ports, 16 methods and 64 paths at most.
Result<api::HostRule> checked(api::HostRule rule);
bool is_list(const api::HostRule& rule); // "@npm"
// The ports that it lets through.
std::vector<std::uint16_t> ports_of(const api::HostRule& rule);
// Whether `wide` lets through all that `narrow` does.
bool covers(const api::HostRule& wide, const api::HostRule& narrow);
// "api.example.com", "api.example.com:8443", "[2001:db8::]/32:443,444"
std::string text_of(const api::HostRule& rule);
// Whether it is a name in the DNS, in its one spelling: no address, no wildcard.
bool is_host_name(std::string_view text);

} // namespace owhale::sandbox
