// An HTTP/1.x request head, read strictly (RFC 9112).
//
// What two readers could understand differently is refused: bare CR or LF, folded lines, space before a colon, more
// than one Host, Content-Length or Transfer-Encoding, both of the last two, a coding other than chunked.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::transport {

inline constexpr std::size_t kMaxHead = 16u << 10;
inline constexpr std::size_t kMaxFields = 100;

struct Head {
    std::string method, target;
    bool http10 = false;
    std::map<std::string, std::string, std::less<>> fields; // lower-case names; repeated list fields joined by ", "
    std::optional<std::uint64_t> content_length;
    bool chunked = false;

    std::string_view field(std::string_view name) const;
    // Whether a comma-separated field holds this token, in any case.
    bool lists(std::string_view name, std::string_view token) const;
    bool keep_alive() const;
    bool upgrade() const; // to a WebSocket
    bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

// False as soon as no head can begin so: a control character, a line end that is not CRLF. Looks at what follows `from`.
bool clean_so_far(std::string_view text, std::size_t from);

// `text` is everything up to and with the empty line.
Result<Head> parse_head(std::string_view text);

// Takes what begins with `prefix` out of a comma-separated list, and answers it without that; "" when there was none. What cannot be
// it (nothing behind the prefix, or two of them) is answered as something that cannot be it either.
std::string take_prefixed(std::string& list, std::string_view prefix);

// Whether a page of a browser sent this. No client of owhaled is a page, and pages can reach this machine's addresses.
Status refuse_pages(const Head& head);

} // namespace owhale::transport
