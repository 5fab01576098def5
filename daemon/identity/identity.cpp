#include "identity/identity.hpp"

#include <arpa/inet.h>
#include <cstring>

namespace owhale::identity {
namespace {

std::string text_of(const std::array<std::uint8_t, 16>& address) {
    constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char text[INET6_ADDRSTRLEN] = {};
    const bool v4 = std::memcmp(address.data(), mapped.data(), mapped.size()) == 0;
    ::inet_ntop(v4 ? AF_INET : AF_INET6, address.data() + (v4 ? mapped.size() : 0), text, sizeof text);
    return text;
}

} // namespace

std::string Peer::describe() const {
    if (kind == Kind::tcp) return "tcp " + text_of(address);
    auto text = run != 0 ? "run:" + run_id : "unix:" + std::to_string(uid);
    return text + " (pid " + std::to_string(pid) + (program.empty() ? "" : ", " + program) + ")";
}

} // namespace owhale::identity
