// Heads as they are sent on: written anew, of what was understood and nothing else.
#pragma once

#include <span>
#include <string>

#include "egress/http/place.hpp"
#include "egress/http/put_in.hpp"

namespace owhale::egress::http {

struct RequestWay {        // what owhaled changes about it
    bool searched = false; // its answer is searched for values: it must come as it is, and whole
    bool websocket = false;
};
// With room for some content behind it. Holds the values of secrets: to be wiped.
std::string request_text(const RequestHead& head, const Place& place, std::span<const PutIn> put, RequestWay way);

struct ResponseWay {
    Framing framing;      // as it is sent to the client
    bool close = false;   // Connection: close
    bool upgrade = false; // 101 to a WebSocket
    const Place* place = nullptr;
};
std::string response_text(const ResponseHead& head, const ResponseWay& way);

// An answer of owhaled's own: application/problem+json (RFC 9457), `code` as everywhere in its API. Closed behind it when
// `close`. Without content when the method is HEAD.
std::string problem_text(const Error& error, unsigned status, std::string_view method, bool close);
// 502 of what did not work at the host's side, 4xx of what the client did or may not do.
unsigned status_of(const Error& error);

} // namespace owhale::egress::http
