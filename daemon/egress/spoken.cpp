#include "egress/spoken.hpp"

#include <array>

namespace owhale::egress {
namespace {

using boost::asio::awaitable;

constexpr std::array<std::string_view, 26> kMethods = {
    "GET ",        "HEAD ",      "POST ",  "PUT ",   "DELETE ", "OPTIONS ", "PATCH ",  "TRACE ",    "CONNECT ",
    "PROPFIND ",   "PROPPATCH ", "MKCOL ", "COPY ",  "MOVE ",   "LOCK ",    "UNLOCK ", "REPORT ",   "SEARCH ",
    "MKACTIVITY ", "CHECKOUT ",  "MERGE ", "PURGE ", "LINK ",   "UNLINK ",  "QUERY ",  "PRI * HTTP"};

awaitable<Result<Spoken>> hello_of(Input& input) {
    for (;;) {
        auto read = read_client_hello(input.bytes());
        if (!read) co_return std::unexpected(read.error());
        if (*read) co_return Spoken{Spoken::Kind::tls, **std::move(read)};
        const auto got = co_await input.more();
        if (!got) co_return std::unexpected(got.error());
        if (*got == 0) co_return fail(Code::invalid_value, "no TLS ClientHello: it ends early");
    }
}

} // namespace

std::optional<bool> looks_like_http(std::string_view bytes) {
    bool more = false;
    for (const auto method : kMethods) {
        if (bytes.starts_with(method)) return true;
        more = more || method.starts_with(bytes);
    }
    return more ? std::nullopt : std::optional(false);
}

awaitable<Result<Spoken>> listen_to(Input& input, std::chrono::milliseconds silence) {
    if (input.bytes().empty() && silence.count() > 0) {
        const auto waited = co_await input.waits(silence);
        if (!waited) co_return std::unexpected(waited.error());
        if (!*waited) co_return Spoken{};
    }
    for (;;) {
        const auto& bytes = input.bytes();
        if (!bytes.empty() && looks_like_tls(bytes)) co_return co_await hello_of(input);
        const auto http = looks_like_http(bytes);
        if (!bytes.empty() && http) co_return Spoken{*http ? Spoken::Kind::http : Spoken::Kind::other, {}};
        const auto got = co_await input.more();
        if (!got) co_return std::unexpected(got.error());
        if (*got == 0) co_return Spoken{bytes.empty() ? Spoken::Kind::silent : Spoken::Kind::other, {}};
    }
}

} // namespace owhale::egress
