#include "egress/client_hello.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/host_name.hpp"

namespace owhale::egress {
namespace {

constexpr std::uint8_t kHandshake = 22, kHello = 1;
constexpr std::uint16_t kServerName = 0, kEncryptedHello = 0xfe0d, kEncryptedName = 0xffce;
constexpr std::size_t kRecordHeader = 5, kLongestRecord = 1u << 14;

std::unexpected<Error> no_hello(std::string_view why) {
    return fail(Code::invalid_value, "no TLS ClientHello: " + std::string(why));
}

// Reads front to back; past the end it stays failed.
class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}
    std::size_t number(unsigned bytes) {
        std::size_t value = 0;
        for (const char c : take(bytes)) value = value << 8 | static_cast<std::uint8_t>(c);
        return value;
    }
    std::string_view take(std::size_t count) {
        if (count > rest_.size()) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        const auto taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }
    std::string_view vector(unsigned length_bytes) { return take(number(length_bytes)); }
    bool done() const { return rest_.empty(); }
    bool failed() const { return failed_; }

private:
    std::string_view rest_;
    bool failed_ = false;
};

// The handshake's bytes out of their records, of which there may be several (RFC 8446 section 5.1).
Result<std::string> joined(std::string_view bytes) {
    std::string out;
    while (!bytes.empty()) {
        if (static_cast<std::uint8_t>(bytes[0]) != kHandshake) return no_hello("a record of another kind");
        if (bytes.size() < kRecordHeader) break;
        if (bytes[1] != 3) return no_hello("an unknown version");
        Reader header(bytes.substr(3, 2));
        const auto length = header.number(2);
        if (length == 0 || length > kLongestRecord) return no_hello("a record of no valid length");
        out += bytes.substr(kRecordHeader, length);
        if (out.size() >= 4) { // what follows the hello is not looked at
            Reader message(std::string_view(out).substr(1, 3));
            if (out.size() >= 4 + message.number(3)) break;
        }
        bytes.remove_prefix(std::min(bytes.size(), kRecordHeader + length));
    }
    return out;
}

Status read_name(std::string_view body, ClientHello& hello) {
    Reader all(body);
    Reader names(all.vector(2));
    const auto type = names.number(1);
    const auto name = names.vector(2);
    if (all.failed() || names.failed() || !all.done() || !names.done() || type != 0)
        return no_hello("a server_name of another shape");
    auto normal = normal_host(name);
    if (!normal || as_address(*normal)) return no_hello("a server_name that is no name");
    hello.name = *std::move(normal);
    return {};
}

Status read_extensions(std::string_view bytes, ClientHello& hello) {
    Reader extensions(bytes);
    std::vector<std::size_t> seen;
    while (!extensions.done() && !extensions.failed()) {
        const auto type = extensions.number(2);
        const auto body = extensions.vector(2);
        if (extensions.failed()) break;
        if (std::ranges::find(seen, type) != seen.end()) return no_hello("an extension twice");
        seen.push_back(type);
        if (type == kEncryptedHello || type == kEncryptedName) hello.encrypted_name = true;
        if (type == kServerName) CHECK(read_name(body, hello));
    }
    if (extensions.failed()) return no_hello("extensions that do not meet their length");
    return {};
}

Result<ClientHello> read_body(std::string_view body) {
    Reader reader(body);
    reader.take(2 + 32); // legacy_version, random
    const auto session = reader.vector(1), suites = reader.vector(2), compression = reader.vector(1);
    if (reader.failed() || session.size() > 32 || suites.empty() || suites.size() % 2 != 0 || compression.empty())
        return no_hello("a body of another shape");
    ClientHello hello;
    if (reader.done()) return hello; // TLS 1.2 without extensions
    const auto extensions = reader.vector(2);
    if (reader.failed() || !reader.done()) return no_hello("a body of another length");
    CHECK(read_extensions(extensions, hello));
    return hello;
}

} // namespace

bool looks_like_tls(std::string_view bytes) {
    if (!bytes.empty() && static_cast<std::uint8_t>(bytes[0]) != kHandshake) return false;
    return bytes.size() < 2 || bytes[1] == 3;
}

Result<std::optional<ClientHello>> read_client_hello(std::string_view bytes) {
    const auto whole = joined(bytes.substr(0, kLongestHello));
    if (!whole) return std::unexpected(whole.error());
    const std::string_view message(*whole);
    const auto more = [&]() -> Result<std::optional<ClientHello>> {
        if (bytes.size() >= kLongestHello) return no_hello("longer than 16 KiB");
        return std::optional<ClientHello>();
    };
    if (message.empty()) return more();
    if (static_cast<std::uint8_t>(message[0]) != kHello) return no_hello("another message");
    if (message.size() < 4) return more();
    Reader reader(message.substr(1));
    const auto length = reader.number(3);
    if (length > kLongestHello) return no_hello("longer than 16 KiB");
    if (message.size() < 4 + length) return more();
    return std::optional(TRY(read_body(message.substr(4, length))));
}

} // namespace owhale::egress
