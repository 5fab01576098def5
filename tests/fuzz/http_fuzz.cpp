// Heads, bodies and answers of hosts that mean ill: no crash, and what the headers of daemon/egress/http promise.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "egress/http/body.hpp"
#include "egress/http/head.hpp"
#include "egress/http/scrub.hpp"

using namespace owhale::egress::http;

namespace {

const std::string kValue = "sk-live-0123456789";

void must(bool holds) {
    if (!holds) abort();
}

void check_fields(const Fields& fields) {
    must(fields.all().size() <= kMaxFields && fields.count("host") <= 1 && fields.count("content-length") <= 1);
    for (const auto& field : fields.all()) {
        must(is_token(field.name));
        must(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    }
    must(!(fields.has("content-length") && fields.has("transfer-encoding")));
}

void check_heads(const std::string& text) {
    if (const auto head = parse_request(text)) check_fields(head->fields);
    if (const auto head = parse_response(text)) {
        must(head->status >= 100 && head->status <= 599);
        check_fields(head->fields);
    }
}

struct Decoded {
    std::string content;
    bool done = false, bad = false;
    std::size_t used = 0;
};

Decoded decode(std::string body, std::size_t piece) {
    Decoded all;
    BodyDecoder decoder({Framing::Kind::chunked, 0});
    for (std::size_t at = 0; at < body.size() && !decoder.done() && !all.bad; at += piece) {
        const auto size = std::min(piece, body.size() - at);
        const auto step = decoder.decode({body.data() + at, size});
        all.bad = !step;
        if (!step) break;
        must(step->used <= size && step->data <= step->used && (step->used == size || decoder.done()));
        all.content.append(body, at, step->data);
        all.used += step->used;
    }
    all.done = decoder.done();
    return all;
}

// However a body is cut, it is the same body.
void check_body(const std::string& body, std::size_t piece) {
    const auto whole = decode(body, body.size() + 1), parts = decode(body, piece);
    must(whole.bad == parts.bad && whole.done == parts.done);
    if (!whole.bad) must(whole.content == parts.content && whole.used == parts.used);
}

// However an answer is cut, no byte is lost and the value is not in it.
void check_scrubber(const std::string& text, std::size_t piece) {
    const auto needles = std::make_shared<Needles>();
    needles->add(kValue, "OWHALE");
    Scrubber scrubber(needles);
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += piece)
        scrubber.push(std::string_view(text).substr(at, piece), out);
    scrubber.finish(out);
    must(out.size() == text.size() || scrubber.cuts() > Scrubber::kMostCuts);
    must(out.find(kValue) == std::string::npos && out.find("c2stbGl2ZS0wMTIzNDU2Nzg5") == std::string::npos);
    must(out.find("736b2d6c6976652d30313233343536373839") == std::string::npos);
}

} // namespace

// The first byte chooses the size of pieces, the second what is read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool ready = ::sodium_init() >= 0;
    if (!ready || size < 2) return 0;
    const std::size_t piece = data[0] % 32 + 1;
    const std::string text(reinterpret_cast<const char*>(data) + 2, size - 2);
    if (data[1] % 3 == 0) check_heads(text);
    if (data[1] % 3 == 1) check_body(text, piece);
    if (data[1] % 3 == 2) check_scrubber(text, piece);
    return 0;
}
