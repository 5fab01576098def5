#include "egress/dns_message.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "shared/parts.hpp"

namespace owhale::egress {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t kHeader = 12, kLongest = 512;
constexpr std::uint16_t kResponse = 0x8000, kAuthoritative = 0x0400, kRecursionAvailable = 0x0080;
constexpr std::uint16_t kOpcode = 0x7800, kRecursionDesired = 0x0100;
constexpr std::uint16_t kInternet = 1, kOpt = 41;
constexpr std::uint32_t kTtl = 60; // seconds: an address stands for its name as long as the run lives

std::uint16_t word(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes[at]) << 8 |
                                      static_cast<std::uint8_t>(bytes[at + 1]));
}
void put(std::string& out, std::uint32_t value, unsigned bytes) {
    for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xff);
}

std::string header(std::uint16_t id, std::uint16_t asked, DnsCode code, unsigned questions, unsigned answers,
                   unsigned more) {
    std::string out;
    put(out, id, 2);
    put(out,
        kResponse | kAuthoritative | kRecursionAvailable | (asked & (kOpcode | kRecursionDesired)) |
            static_cast<unsigned>(code),
        2);
    put(out, questions, 2);
    put(out, answers, 2);
    put(out, 0, 2);
    put(out, more, 2);
    return out;
}

// The labels at `at`, which moves behind them. No pointers: a question has nothing to point to.
std::optional<std::string> read_name(std::string_view bytes, std::size_t& at) {
    std::string name;
    for (;;) {
        if (at >= bytes.size()) return std::nullopt;
        const std::size_t length = static_cast<std::uint8_t>(bytes[at++]);
        if (length == 0) return name;
        if (length > 63 || at + length > bytes.size() || name.size() + length + 1 > 254) return std::nullopt;
        const auto label = bytes.substr(at, length);
        if (label.find('.') != std::string_view::npos || label.find('\0') != std::string_view::npos)
            return std::nullopt;
        if (!name.empty()) name += '.';
        for (const char c : label) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        at += length;
    }
}

bool is_opt(std::string_view rest) {
    return rest.size() >= 11 && rest[0] == 0 && word(rest, 1) == kOpt && word(rest, 9) == rest.size() - 11;
}

void put_name(std::string& out, std::string_view name) {
    for (std::size_t from = 0; from < name.size();) {
        const auto dot = std::min(name.find('.', from), name.size());
        put(out, static_cast<std::uint32_t>(dot - from), 1);
        out += name.substr(from, dot - from);
        from = dot + 1;
    }
    put(out, 0, 1);
}

std::string record_data(const DnsAnswer& answer) {
    std::string data;
    if (!answer.pointer.empty()) return put_name(data, answer.pointer), data;
    if (!answer.address) return data;
    if (answer.address->is_v4())
        for (const auto byte : answer.address->to_v4().to_bytes()) put(data, byte, 1);
    else
        for (const auto byte : answer.address->to_v6().to_bytes()) put(data, byte, 1);
    return data;
}

std::optional<ip::address> reverse4(std::string_view name) {
    const auto parts = parts_of(name, '.');
    if (parts.size() != 4) return std::nullopt;
    std::string text;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part)
        text += (text.empty() ? "" : ".") + std::string(*part);
    boost::system::error_code error;
    const auto address = ip::make_address_v4(text, error);
    return error ? std::nullopt : std::optional<ip::address>(address);
}

std::optional<ip::address> reverse6(std::string_view name) {
    const auto parts = parts_of(name, '.');
    if (parts.size() != 32) return std::nullopt;
    ip::address_v6::bytes_type bytes{};
    for (std::size_t i = 0; i < 32; ++i) {
        const auto part = parts[31 - i];
        unsigned value = 0;
        const auto read = std::from_chars(part.data(), part.data() + part.size(), value, 16);
        if (part.size() != 1 || read.ec != std::errc()) return std::nullopt;
        bytes[i / 2] = static_cast<unsigned char>(bytes[i / 2] << 4 | value);
    }
    return ip::address_v6(bytes);
}

} // namespace

DnsRead read_dns_query(std::string_view bytes) {
    if (bytes.size() < kHeader || (word(bytes, 2) & kResponse) != 0) return {};
    DnsQuery query{word(bytes, 0), word(bytes, 2), 0, {}, {}, false};
    const auto refuse = [&](DnsCode code) {
        return DnsRead{std::nullopt, header(query.id, query.flags, code, 0, 0, 0)};
    };
    if ((query.flags & kOpcode) != 0) return refuse(DnsCode::unknown_opcode);
    if (bytes.size() > kLongest || word(bytes, 4) != 1 || word(bytes, 6) != 0 || word(bytes, 8) != 0 ||
        word(bytes, 10) > 1)
        return refuse(DnsCode::malformed);
    std::size_t at = kHeader;
    auto name = read_name(bytes, at);
    if (!name || at + 4 > bytes.size()) return refuse(DnsCode::malformed);
    query.type = word(bytes, at);
    if (word(bytes, at + 2) != kInternet) return refuse(DnsCode::refused);
    at += 4;
    query.name = *std::move(name);
    query.question = bytes.substr(kHeader, at - kHeader);
    query.extended = word(bytes, 10) == 1;
    if (query.extended ? !is_opt(bytes.substr(at)) : at != bytes.size()) return refuse(DnsCode::malformed);
    return {std::move(query), {}};
}

std::string write_dns_answer(const DnsQuery& query, const DnsAnswer& answer) {
    const auto data = record_data(answer);
    auto out = header(query.id, query.flags, answer.code, 1, data.empty() ? 0 : 1, query.extended ? 1 : 0);
    out += query.question;
    if (!data.empty()) {
        put(out, 0xc000 | kHeader, 2); // the question's own name
        put(out, query.type, 2);
        put(out, kInternet, 2);
        put(out, kTtl, 4);
        put(out, static_cast<std::uint32_t>(data.size()), 2);
        out += data;
    }
    if (query.extended) { // RFC 6891 section 7: who asks with it is answered with it
        put(out, 0, 1);
        put(out, kOpt, 2);
        put(out, 1232, 2);
        put(out, 0, 4);
        put(out, 0, 2);
    }
    return out;
}

std::optional<ip::address> reverse_of(std::string_view name) {
    constexpr std::string_view four = ".in-addr.arpa", six = ".ip6.arpa";
    if (name.ends_with(four)) return reverse4(name.substr(0, name.size() - four.size()));
    if (name.ends_with(six)) return reverse6(name.substr(0, name.size() - six.size()));
    return std::nullopt;
}

} // namespace owhale::egress
