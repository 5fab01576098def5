// What a run says on its scoped network: DNS queries, CONNECT heads, TLS hellos, names of reverse lookups.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "egress/client_hello.hpp"
#include "egress/connect_head.hpp"
#include "egress/dns_message.hpp"

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

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        read_query(bytes);
        break;
    case 1:
        if (const auto target = read_connect(bytes)) must(!target->host.empty());
        break;
    case 2:
        read_hello(bytes);
        break;
    default:
        (void)reverse_of(bytes);
    }
    return 0;
}
