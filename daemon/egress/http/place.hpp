// Where a request goes: out of its target, its Host and what its connection is. Pure.
#pragma once

#include <string>

#include "egress/http/head.hpp"
#include "egress/http/http.hpp"
#include "sandbox/network.hpp"

namespace owhale::egress::http {

struct Place {
    Target target; // what is judged: host, port, method, the path in the spelling in which paths are judged
    bool tls = false;
    bool endpoint = false;          // of the local endpoints that are upgraded to TLS
    std::string endpoint_authority; // as the client named it, of an endpoint
    std::string origin_form;        // the request target that is sent on
    std::string authority;          // the Host that is sent on
};

// bad_request: a form of target that has no place here, a Host that is missing or no host. host_denied: Host and target, or
// Host and connection, name different hosts; an endpoint that neither a secret nor a rule of the run knows.
Result<Place> place_of(const RequestHead& head, const Front& front, const sandbox::NetRun& run);

} // namespace owhale::egress::http
