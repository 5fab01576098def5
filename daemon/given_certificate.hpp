// The files of tls-cert and tls-key: why one cannot be used, and a look at both before the start.
#pragma once

#include "config/settings.hpp"
#include "shared/error.hpp"

namespace owhale {

// What is wrong with the file of a setting, and what would mend it. `why`: an errno; EPERM: it is another's or open to
// others, ELOOP: a link.
Error unusable_file(const std::string& setting, const std::string& path, int why);

// Of --check-config: opens both files under the spawner's rules, and looks whether they are a pair. What the user who
// asks may not read is not looked at; then true stays false. Errors: config_invalid.
Result<bool> check_given_certificate(const config::Settings& settings);

} // namespace owhale
