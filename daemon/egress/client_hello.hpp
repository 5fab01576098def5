// What a TLS ClientHello says before anything is encrypted (RFC 8446 section 4.1.2, RFC 6066 section 3). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::egress {

struct ClientHello {
    std::string name;            // server_name in the one spelling; "" when there is none
    bool encrypted_name = false; // encrypted_client_hello (0xfe0d) or the older encrypted_server_name
};

inline constexpr std::size_t kLongestHello = 16u << 10; // bytes, records' headers included

// The hello at the start of `bytes`; nothing while more is needed. invalid_value: it is no ClientHello, is over-long, or
// holds what two readers would read differently (an extension twice, two names, lengths that do not meet).
Result<std::optional<ClientHello>> read_client_hello(std::string_view bytes);
// Can these bytes be the start of one? Of an empty text: yes.
bool looks_like_tls(std::string_view bytes);

} // namespace owhale::egress
