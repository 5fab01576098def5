// Placeholders in a request: which of them become values, and which stay what they are.
#pragma once

#include <string>
#include <vector>

#include "base/secret_bytes.hpp"
#include "egress/http/place.hpp"
#include "vault/run_secret.hpp"

namespace owhale::egress::http {

struct PutIn {
    std::string field;                        // lower case; it stands once
    SecretBytes value;                        // the field's whole new value
    SecretBytes raw;                          // the secret's
    const vault::RunSecret* secret = nullptr; // of the run
};
struct Misplaced { // a placeholder that goes on as it is
    const vault::RunSecret* secret = nullptr;
    std::string why; // a sentence's end: "stands in the URL"
};
struct Placeholders {
    std::vector<PutIn> put;
    std::vector<Misplaced> misplaced;
};

// The value of a field is exactly prefix and placeholder, or `Basic` of a user and the placeholder where the prefix is
// "Basic "; the host, port, method and path are the secret's; TLS carries it; the method is not TRACE. secret_denied: the
// value cannot be had now, is too short to be found in an answer, or would break the head.
Result<Placeholders> put_in(const RequestHead& head, const Place& place, const sandbox::NetRun& run);
// Whether a secret of the run may go to this host at all.
bool has_secret_for(const sandbox::NetRun& run, const std::string& host);

} // namespace owhale::egress::http
