// GET /app and what belongs to it: the page, over TLS alone.
#pragma once

#include <optional>
#include <string>

#include "transport/exchange.hpp"
#include "transport/head.hpp"
#include "transport/target.hpp"

namespace owhale::transport {

// Whether a request may be a browser's: none may but those of owhaled's own page, which came by TLS from this very host and port.
// Another site may lead to the page itself, and to nothing else.
Status check_origin(const Head& head, bool tls);

// The file that is asked for, the way to the page from what people type for it, or nothing: then it is not a file's path, or not
// asked as one. `fingerprint`: of the certificate of its connection.
std::optional<Response> page_for(const Head& head, const Target& target, const std::string& fingerprint);
// What says, where there is no TLS, why there is no page; nothing when something else is asked for.
std::optional<Response> page_in_the_clear(const Head& head, const Target& target);

} // namespace owhale::transport
