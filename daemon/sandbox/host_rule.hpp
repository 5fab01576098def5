// Lines of allowlists as people write them: checked, brought into their one spelling, and compared. Pure. Hosts are
// what base/host_name.hpp takes for one, paths what egress/url_path.hpp leaves as it is.
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
// invalid_value of 127.0.0.1, ::1 and localhost: who wants a port of this machine's loopback is told how.
Status refuse_loopback(const api::HostRule& rule);

} // namespace owhale::sandbox
