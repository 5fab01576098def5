// What a run's cage gets so that programs find the network: proxy variables, a resolver's file, the CAs. Pure.
#pragma once

#include <string>

#include "sandbox/network.hpp"

namespace owhale::egress {

inline constexpr std::string_view kCaBundle = "/run/owhaled-ca.pem"; // in the cage: where a file can be added

// `ca`: the certificate of the run's own CA, "" when it has none; `system`: those that the machine trusts.
sandbox::CageNet cage_net(const std::string& ca, const std::string& system);

} // namespace owhale::egress
