// What a run says on its scoped network: DNS queries, CONNECT heads, SOCKS requests, TLS hellos, names of reverse lookups.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "egress/client_hello.hpp"
#include "egress/connect_head.hpp"
#include "egress/dns_message.hpp"
#include "egress/socks.hpp"

using namespace owhale::egress;

namespace {

void must(bool holds) {
    if (!holds) abort();
}

// What is answered is a message of the same id, at most as long as UDP takes, that is no query again.
void read_query(std::string_view bytes) {
    const auto read = read_dns_query(bytes);
    if (!read.query) return must(read.refusal.empty() || (read.refusal.size() >= 12 && (read.refusal[2] & 0x80) != 0));
    DnsAnswer answer;
    answer.address = boost::asio::ip::make_address("198.18.0.1");
    answer.pointer = "a.example";
    const auto text = write_dns_answer(*read.query, answer);
    must(text.size() >= 12 && text.size() <= 1232 && text.substr(0, 2) == bytes.substr(0, 2));
    const auto again = read_dns_query(text);
    must(!again.query && again.refusal.empty());
    (void)reverse_of(read.query->name);
}

// More bytes change nothing of what was read from the first ones.
void read_hello(std::string_view bytes) {
    must(looks_like_tls({}));
    const auto whole = read_client_hello(bytes);
    for (const std::size_t cut : {bytes.size() / 2, bytes.size() - bytes.size() / 8}) {
        const auto part = read_client_hello(bytes.substr(0, cut));
        if (part && *part) must(whole && *whole && (*whole)->name == (*part)->name);
    }
}

// A client that says all of it, in pieces, and hears what is answered.
class Said final : public Stream {
public:
    explicit Said(std::string_view bytes, std::size_t piece) : rest_(bytes), piece_(piece) {}
    boost::asio::awaitable<owhale::Result<std::size_t>> read(boost::asio::mutable_buffer into) override {
        const auto size = std::min({rest_.size(), piece_, into.size()});
        rest_.copy(static_cast<char*>(into.data()), size);
        rest_.remove_prefix(size);
        co_return size;
    }
    boost::asio::awaitable<owhale::Status> write(boost::asio::const_buffer from) override {
        must(from.size() > 0 && from.size() < 32 && static_cast<const char*>(from.data())[0] == 5);
        co_return owhale::Status{};
    }
    boost::asio::awaitable<void> end_writing() override { co_return; }
    void close() override {}

private:
    std::string_view rest_;
    std::size_t piece_;
};

boost::asio::awaitable<void> ask_socks(boost::asio::any_io_executor executor, std::string_view bytes) {
    const std::size_t piece = bytes.size() % 7 + 1;
    Input input(executor, std::make_unique<Said>(bytes, piece), std::chrono::seconds(60));
    const auto target = co_await read_socks(input);
    if (target) must(!target->host.empty() && target->port != 0);
}

void read_socks_request(std::string_view bytes) {
    boost::asio::io_context io;
    boost::asio::co_spawn(io, ask_socks(io.get_executor(), bytes), boost::asio::detached);
    io.run();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 5) {
    case 0:
        read_query(bytes);
        break;
    case 1:
        if (const auto target = read_connect(bytes)) must(!target->host.empty());
        break;
    case 2:
        read_hello(bytes);
        break;
    case 3:
        (void)reverse_of(bytes);
        break;
    default:
        read_socks_request(bytes);
    }
    return 0;
}
