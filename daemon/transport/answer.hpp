// A response as bytes on the wire.
#pragma once

#include <string>

#include "transport/exchange.hpp"

namespace owhale::transport {

// Status line and headers up to and with the empty line. A header that holds a line end is left out and logged: it
// would let whoever chose its value write a response of their own.
std::string head_of(const Response& response, bool keep_alive);
// The same of an answer whose length is not known: in chunks (RFC 9112 section 7.1), to an HTTP/1.0 client until the
// connection ends.
std::string head_of_stream(const Response& response, bool chunked);

// What is answered while owhaled ends; the step tells it from what is busy by itself.
Error stopping();

// Whether a response of this status has a body at all.
bool may_have_body(unsigned status);

} // namespace owhale::transport
