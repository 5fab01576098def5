// A secret as a run uses it: what the run sees, where the value may go, and how to get at it. Never the value itself.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/secret_bytes.hpp"
#include "shared/api_secrets.hpp"

namespace owhale::vault {

struct RunSecret {
    std::string name, owner, variable;
    std::string placeholder;    // 16 random bytes at least, so that it is no text that anybody writes by chance
    std::string header, prefix; // lower case; the value of that header is exactly prefix + placeholder
    std::vector<api::SecretHost> hosts;
    std::string endpoint_variable; // "" none
    // The value, opened for one use, as of now: secret_denied when it was removed, has expired, or the run's principal lost
    // the right. The caller wipes it by letting go.
    std::function<Result<SecretBytes>()> open;
    // It was put in for this host: counted at once, and an event (secret.used) that is on disk soon after.
    std::function<void(const std::string& run, const std::string& host)> note_use;
};

} // namespace owhale::vault
