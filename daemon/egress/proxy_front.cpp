#include "egress/proxy_front.hpp"

#include "egress/connect_head.hpp"
#include "egress/http/http.hpp"
#include "egress/socks.hpp"

namespace owhale::egress {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using Client = std::unique_ptr<Stream>;

constexpr std::string_view kConnect = "CONNECT ";
constexpr char kSocks4 = 4, kSocks5 = 5;

awaitable<bool> tell(Stream& client, std::string bytes) {
    const auto put = co_await client.write(asio::buffer(bytes));
    co_return put.has_value();
}

awaitable<bool> answer_connect(Client& client, const Error* error) {
    auto text = error == nullptr ? std::string("HTTP/1.1 200 Connection established\r\n\r\n") : refusal_answer(*error);
    co_return co_await tell(*client, std::move(text));
}

awaitable<bool> answer_socks(Client& client, const Error* error) {
    auto reply = socks_reply(error == nullptr ? SocksReply::ok : socks_reply_to(*error));
    co_return co_await tell(*client, std::move(reply));
}

// The whole head; "" when the client does not send one.
awaitable<std::string> head_of(Input& input) {
    for (;;) {
        const auto end = input.bytes().find("\r\n\r\n");
        if (end != std::string::npos) {
            auto head = input.bytes().substr(0, end + 4);
            input.drop(end + 4);
            co_return head;
        }
        if (input.bytes().size() > kLongestHead) co_return std::string();
        const auto got = co_await input.more(4096);
        if (!got || *got == 0) co_return std::string();
    }
}

awaitable<void> serve_connect(TunnelParts parts, Input& input) {
    const auto head = co_await head_of(input);
    if (head.empty()) co_return;
    const auto read = read_connect(head);
    if (!read) {
        auto text = refusal_answer(read.error());
        (void)co_await tell(input.stream(), std::move(text));
        co_return;
    }
    Target target{read->host, read->port, "connect", {}, {}};
    auto client = input.take();
    Answer answer = answer_connect;
    co_await serve_tunnel(std::move(parts), std::move(client), std::move(target), std::move(answer));
}

awaitable<void> serve_socks(TunnelParts parts, Input& input) {
    const auto read = co_await read_socks(input);
    if (!read) co_return;
    Target target{read->host, read->port, "socks", {}, {}};
    auto client = input.take();
    Answer answer = answer_socks;
    co_await serve_tunnel(std::move(parts), std::move(client), std::move(target), std::move(answer));
}

awaitable<void> serve_rest(TunnelParts parts, Input& input) {
    auto client = input.take();
    std::shared_ptr<Gate> gate = parts.gate;
    Front front{Front::Kind::proxy, "", 0};
    co_await serve_http(std::move(client), std::move(gate), std::move(front));
}

} // namespace

awaitable<void> serve_proxy(TunnelParts parts, Client client) {
    Input input(parts.executor, std::move(client), kFirstTime);
    // As long as it may become a CONNECT.
    while (input.bytes().size() < kConnect.size() && kConnect.starts_with(input.bytes())) {
        const auto got = co_await input.more(4096);
        if (!got || *got == 0) co_return;
    }
    if (input.bytes()[0] == kSocks4) co_return; // no IPv6, names by a trick: not offered
    if (input.bytes()[0] == kSocks5) co_return co_await serve_socks(std::move(parts), input);
    if (input.bytes().starts_with(kConnect)) co_return co_await serve_connect(std::move(parts), input);
    co_await serve_rest(std::move(parts), input);
}

} // namespace owhale::egress
