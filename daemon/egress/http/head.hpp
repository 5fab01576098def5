// Heads of HTTP/1.x messages (RFC 9112), read strictly. Pure.
//
// What two readers could understand differently is refused: bare CR or LF, folded lines, spaces before a colon, NUL, a
// Content-Length beside a Transfer-Encoding or twice, a coding other than chunked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "egress/http/fields.hpp"

namespace owhale::egress::http {

inline constexpr std::size_t kMaxHead = 32u << 10; // bytes, with the first line and the empty one
inline constexpr std::size_t kMaxFields = 100;

// How long the body is (RFC 9112 section 6.3).
struct Framing {
    enum class Kind { none, sized, chunked, until_end } kind = Kind::none;
    std::uint64_t length = 0; // of sized
};

struct RequestHead {
    std::string method, target;
    bool http10 = false;
    Fields fields;
    Framing body;
    bool keep_alive() const;
    bool websocket() const; // asks to become one
};

struct ResponseHead {
    unsigned status = 0;
    bool http10 = false;
    Fields fields;
    Framing body; // but for what only the request says: see body_of
    bool keep_alive() const;
};

// False as soon as no head can begin so: a control character, a line end that is not CRLF. Looks at what follows `from`.
bool clean_so_far(std::string_view text, std::size_t from);
// `text`: everything up to and with the empty line. bad_request, with a sentence.
Result<RequestHead> parse_request(std::string_view text);
Result<ResponseHead> parse_response(std::string_view text);
// The response's, to a request with this method.
Framing body_of(const ResponseHead& head, std::string_view method);
std::string_view reason_of(unsigned status); // "OK"; "" unknown

} // namespace owhale::egress::http
