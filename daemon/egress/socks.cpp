#include "egress/socks.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace owhale::egress {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::uint8_t kVersion = 5, kNoAuthentication = 0, kNoMethod = 0xff, kConnect = 1;
constexpr std::uint8_t kFour = 1, kName = 3, kSix = 4;

std::uint8_t byte(const std::string& bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

std::unexpected<Error> bad(std::string_view why) {
    return fail(Code::bad_request, "no SOCKS5 request: " + std::string(why));
}

awaitable<Status> at_least(Input& input, std::size_t count) {
    while (input.bytes().size() < count) {
        const auto got = co_await input.more(512);
        if (!got) co_return std::unexpected(got.error());
        if (*got == 0) co_return bad("it ends early");
    }
    co_return Status{};
}

awaitable<Status> say(Input& input, std::string bytes) {
    co_return co_await input.stream().write(asio::buffer(bytes));
}

awaitable<Status> greet(Input& input) {
    CO_CHECK(co_await at_least(input, 2));
    const std::size_t count = byte(input.bytes(), 1);
    CO_CHECK(co_await at_least(input, 2 + count));
    const auto methods = input.bytes().substr(2, count);
    const bool offered = methods.find(static_cast<char>(kNoAuthentication)) != std::string::npos;
    input.drop(2 + count);
    std::string chosen{static_cast<char>(kVersion), static_cast<char>(offered ? kNoAuthentication : kNoMethod)};
    CO_CHECK(co_await say(input, std::move(chosen)));
    if (!offered) co_return fail(Code::unsupported, "SOCKS5 without \"no authentication\"");
    co_return Status{};
}

// Of a request whose address starts at 4: how many bytes that is, in all; 0 another type.
std::size_t length_of(const std::string& request) {
    const auto type = byte(request, 3);
    if (type == kFour) return 4 + 4 + 2;
    if (type == kSix) return 4 + 16 + 2;
    return type == kName ? 5u + byte(request, 4) + 2u : 0;
}

Result<HostPort> target_of(const std::string& request) {
    const auto length = length_of(request);
    const auto port = static_cast<std::uint16_t>(byte(request, length - 2) << 8 | byte(request, length - 1));
    if (port == 0) return bad("port 0");
    if (byte(request, 3) == kName) return HostPort{TRY(normal_host(request.substr(5, length - 7))), port};
    const auto raw = request.substr(4, length - 6);
    if (raw.size() == 4) {
        asio::ip::address_v4::bytes_type four;
        std::ranges::transform(raw, four.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
        return HostPort{asio::ip::address_v4(four).to_string(), port};
    }
    asio::ip::address_v6::bytes_type six;
    std::ranges::transform(raw, six.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
    return HostPort{TRY(normal_host("[" + asio::ip::address_v6(six).to_string() + "]")), port};
}

} // namespace

std::string socks_reply(SocksReply reply) {
    std::string bytes{static_cast<char>(kVersion), static_cast<char>(reply), 0, static_cast<char>(kFour)};
    return bytes.append(6, '\0');
}

SocksReply socks_reply_to(const Error& error) {
    if (error.code == Code::unreachable) return SocksReply::host_unreachable;
    return error.code == Code::host_denied ? SocksReply::not_allowed : SocksReply::failure;
}

awaitable<Result<HostPort>> read_socks(Input& input) {
    CO_CHECK(co_await greet(input));
    CO_CHECK(co_await at_least(input, 5));
    const auto refuse = [&](SocksReply reply) { return say(input, socks_reply(reply)); };
    if (byte(input.bytes(), 0) != kVersion) co_return bad("another version");
    if (byte(input.bytes(), 1) != kConnect) {
        CO_CHECK(co_await refuse(SocksReply::command));
        co_return fail(Code::unsupported, "SOCKS5 BIND and UDP are not offered");
    }
    const auto length = length_of(input.bytes());
    if (length == 0) {
        CO_CHECK(co_await refuse(SocksReply::address_type));
        co_return bad("an unknown type of address");
    }
    CO_CHECK(co_await at_least(input, length));
    auto target = target_of(input.bytes());
    input.drop(length);
    if (!target) CO_CHECK(co_await refuse(SocksReply::not_allowed));
    co_return target;
}

} // namespace owhale::egress
