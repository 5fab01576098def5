// What a client speaks, told by its first bytes.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "egress/client_hello.hpp"
#include "egress/input.hpp"

namespace owhale::egress {

struct Spoken {
    enum class Kind { tls, http, other, silent } kind = Kind::silent;
    ClientHello hello; // of tls
};

// Reads as much as it takes: of TLS the whole ClientHello. `silence`: 0 waits until the input's deadline. invalid_value: TLS
// that is none.
boost::asio::awaitable<Result<Spoken>> listen_to(Input& input, std::chrono::milliseconds silence);
// Can these bytes be a request line's start? Nothing: more are needed.
std::optional<bool> looks_like_http(std::string_view bytes);

} // namespace owhale::egress
