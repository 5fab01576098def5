// The certificate that owhaled makes for itself, in the state folder.
#pragma once

#include <string>
#include <vector>

#include "config/settings.hpp"
#include "shared/api_pairing.hpp"
#include "shared/error.hpp"
#include "transport/tls.hpp"

namespace owhale {

// Reads <state>/tls/certificate.pem and key.pem; makes both when there is no certificate. A certificate whose key is
// gone is an error, not a reason for another one: clients remember its fingerprint. The key has to be a regular file
// of our own that nobody else can read. Errors: state_unavailable, config_invalid.
Result<transport::Credentials> own_certificate(const config::Settings& settings);
// The CA that signed it, for devices to take in; `in_force`: the fingerprint of the certificate that is shown to clients.
// unsupported with `tls-cert`, where an older owhaled made the pair, and where the CA's file is not of the certificate in force.
Result<api::Authority> own_authority(const config::Settings& settings, const std::string& in_force);

// Of `hosts`, what a certificate with these names is not good for: one that was made before they were set knows nothing of them.
// None with `tls-cert`, whose names are its owner's to choose.
std::vector<std::string> hosts_missing_in(const config::Settings& settings, const std::vector<std::string>& names);
// How to have another made.
std::string other_certificate(const config::Settings& settings);

} // namespace owhale
