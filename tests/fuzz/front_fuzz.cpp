// What a connection brings before anybody knows who it is: request heads, targets, bodies, X-Forwarded-For, tokens.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "identity/jwt.hpp"
#include "transport/body.hpp"
#include "transport/forwarded.hpp"
#include "transport/head.hpp"
#include "transport/target.hpp"

using namespace owhale;

namespace {

constexpr std::size_t kMostBody = 4096;

void must(bool holds) {
    if (!holds) abort();
}

bool has_control(std::string_view text) {
    for (const unsigned char c : text)
        if (c < ' ' || c == 0x7f) return true;
    return false;
}

// What a ticket is taken out of holds none then, and the rest is what it was.
void read_protocols(std::string_view text) {
    std::string list(text), again;
    const auto taken = transport::take_prefixed(list, "owhale.ticket.");
    again = list;
    must(transport::take_prefixed(again, "owhale.ticket.").empty() && again == list);
    must(taken.size() + list.size() <= 2 * text.size() + 2);
}

void read_target(std::string_view text) {
    const auto target = transport::parse_target(text);
    if (!target) return;
    must(!has_control(target->path) && target->path.starts_with('/'));
    for (const auto& [key, value] : target->query) must(!has_control(key) && !has_control(value));
}

struct Taken {
    std::string body;
    bool bad = false, done = false;
    std::size_t used = 0;
};

Taken take(std::string_view head, std::string_view rest, std::size_t piece) {
    Taken all;
    auto reader = transport::BodyReader::begin(head, kMostBody);
    if (!reader) return {{}, true, false, 0};
    std::string waiting;
    for (std::size_t at = 0; !(*reader)->done();) {
        const auto used = (*reader)->feed(waiting);
        if (!used) return {{}, true, false, 0};
        must(*used <= waiting.size());
        waiting.erase(0, *used);
        all.used += *used;
        if ((*reader)->done() || at >= rest.size() || waiting.size() > transport::kMaxHead) break;
        const auto some = std::min(piece, rest.size() - at);
        waiting += rest.substr(at, some);
        at += some;
    }
    all.done = (*reader)->done();
    if (all.done) all.body = (*reader)->release();
    must(all.body.size() <= kMostBody);
    return all;
}

// However a body is cut, it is the same body.
void read_request(std::string_view text, std::size_t piece) {
    const auto end = text.find("\r\n\r\n");
    if (end == text.npos || !transport::clean_so_far(text.substr(0, end + 4), 0)) return;
    const auto head_text = text.substr(0, end + 4);
    const auto head = transport::parse_head(head_text);
    if (!head) return must(!head.error().message.empty());
    must(head->fields.size() <= transport::kMaxFields && !(head->chunked && head->content_length));
    for (const auto& [name, value] : head->fields) must(!name.empty() && value.find_first_of("\r\n") == value.npos);
    (void)transport::refuse_pages(*head);
    read_protocols(head->field("sec-websocket-protocol"));
    read_target(head->target);
    const auto rest = text.substr(end + 4);
    const auto whole = take(head_text, rest, rest.size() + 1), parts = take(head_text, rest, piece);
    if (whole.done && parts.done) must(whole.body == parts.body && whole.used == parts.used);
    must(whole.done == parts.done || whole.bad || parts.bad || rest.size() > transport::kMaxHead);
}

// Nobody has the secret of the key of zeros: no token is believed.
void read_token(std::string_view text) {
    static const SignKey::Public key{};
    const auto read = identity::read_token(text, [](std::string_view) { return &key; });
    must(!read);
}

} // namespace

// The first byte chooses the size of pieces, the second what is read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    const config::Address proxy{1};
    switch (data[1] % 4) {
    case 0:
        read_request(text, data[0] % 32 + 1);
        break;
    case 1:
        read_target(text);
        break;
    case 2:
        read_token(text);
        break;
    default:
        (void)transport::client_behind(std::span(&proxy, 1), proxy, text);
    }
    return 0;
}
