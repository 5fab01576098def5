// The head of a CONNECT request, and what is answered to it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/host_name.hpp"

namespace owhale::egress {

inline constexpr std::size_t kLongestHead = 32u << 10;

// The target of the whole head, which ends with an empty line: HTTP/1.0 or 1.1, CRLF alone ends lines, no control bytes, a
// Host that does not contradict. bad_request.
Result<HostPort> read_connect(std::string_view head);
// A whole answer, of application/problem+json (RFC 9457).
std::string refusal_answer(const Error& error);

} // namespace owhale::egress
