#include "transport/tickets.hpp"

#include <sodium.h>

#include "base/clock.hpp"
#include "identity/base64url.hpp"

namespace owhale::transport {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

} // namespace

Tickets::Tickets(Clock clock) : clock_(clock ? std::move(clock) : Clock(monotonic_ns)) {}

Tickets::Digest Tickets::digest_of(std::string_view ticket) {
    Digest out{};
    ::crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(ticket.data()), ticket.size(),
                         nullptr, 0);
    return out;
}

void Tickets::make_room_of(const std::string& name) {
    std::size_t count = 0;
    auto oldest = all_.end();
    for (auto at = all_.begin(); at != all_.end(); ++at) {
        if (at->second.who.name != name) continue;
        ++count;
        if (oldest == all_.end() || at->second.number < oldest->second.number) oldest = at;
    }
    if (count >= kMostOfOne) all_.erase(oldest);
}

Result<std::string> Tickets::make(const identity::Principal& who, std::string path) {
    const auto now = clock_();
    std::erase_if(all_, [&](const auto& one) { return now >= one.second.deadline_ns; });
    make_room_of(who.name);
    if (all_.size() >= kMost) return fail(Code::busy, "too many tickets are open", "try again in half a minute");
    std::array<std::uint8_t, 24> bytes{};
    ::randombytes_buf(bytes.data(), bytes.size());
    auto text = identity::to_base64url(bytes);
    Ticket ticket{who, std::move(path), now + kLife * kSecond, ++made_};
    ticket.who.signature = nullptr; // which was for the request that made it
    all_.emplace(digest_of(text), std::move(ticket));
    return text;
}

std::optional<identity::Principal> Tickets::spend(std::string_view ticket, std::string_view path) {
    auto found = all_.extract(digest_of(ticket));
    if (found.empty() || clock_() >= found.mapped().deadline_ns || found.mapped().path != path) return std::nullopt;
    return std::move(found.mapped().who);
}

} // namespace owhale::transport
