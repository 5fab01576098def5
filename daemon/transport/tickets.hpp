// Tickets: who opens a WebSocket from a browser, which signs no headers there and sends no token.
//
// Made by a request that was signed, or came with a token, for one path; good for half a minute and for one try, whatever comes
// of it. A ticket has no rights of its own: they are looked at anew where it is shown. In memory alone, on the io thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "identity/principal.hpp"
#include "shared/error.hpp"

namespace owhale::transport {

// How a browser shows it, beside the protocol that it wants: an entry of Sec-WebSocket-Protocol.
inline constexpr std::string_view kTicketPrefix = "owhale.ticket.";

class Tickets {
public:
    static constexpr std::int64_t kLife = 30;                   // seconds
    static constexpr std::size_t kMostOfOne = 16, kMost = 4096; // of one principal: the oldest gives way; of all: busy

    using Clock = std::function<std::int64_t()>; // monotonic, nanoseconds; empty: the kernel's
    explicit Tickets(Clock clock = {});

    // 24 random bytes in base64url. `path`: as it stands in the request that shows it, without the query.
    Result<std::string> make(const identity::Principal& who, std::string path);
    // Whose it is; none when it is unknown, was shown before, is too old, or is for another path. It is gone then.
    std::optional<identity::Principal> spend(std::string_view ticket, std::string_view path);

private:
    using Digest = std::array<std::uint8_t, 32>; // what is looked for: its time tells nothing of a ticket
    struct Ticket {
        identity::Principal who;
        std::string path;
        std::int64_t deadline_ns = 0;
        std::uint64_t number = 0;
    };
    static Digest digest_of(std::string_view ticket);
    void make_room_of(const std::string& name);

    Clock clock_;
    std::map<Digest, Ticket> all_;
    std::uint64_t made_ = 0;
};

} // namespace owhale::transport
