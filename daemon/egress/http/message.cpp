#include "egress/http/message.hpp"

#include <algorithm>
#include <array>

#include "shared/api.hpp"
#include "shared/codec.hpp"

namespace owhale::egress::http {
namespace {

constexpr std::size_t kRoom = 8u << 10; // for content sent together with a head

// What owhaled writes itself.
constexpr std::array<std::string_view, 3> kOurs = {"host", "content-length", "transfer-encoding"};

void add_line(std::string& text, std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
}

void add_framing(std::string& text, const Framing& framing) {
    if (framing.kind == Framing::Kind::sized) add_line(text, "Content-Length", std::to_string(framing.length));
    if (framing.kind == Framing::Kind::chunked) add_line(text, "Transfer-Encoding", "chunked");
}

std::string_view value_of(const Field& field, std::span<const PutIn> put) {
    const auto at = std::ranges::find_if(put, [&](const PutIn& one) { return same_name(one.field, field.name); });
    return at == put.end() ? std::string_view(field.value) : at->value.text();
}

// A range of an answer could cut a value in two, a coding hide it.
void ask_for_whole(Fields& fields) {
    for (const auto* name : {"range", "if-range", "sec-websocket-extensions"}) fields.remove(name);
    fields.set("accept-encoding", "identity");
}

// "https://NAME/x" as the client of an endpoint can follow it; anything else as it is.
std::string mapped_location(std::string_view location, const Place& place) {
    const auto own = "https://" + place.authority;
    const auto with_port = "https://" + place.target.host + ":" + std::to_string(place.target.port);
    for (const auto& from : {with_port, own}) {
        if (!same_name(location.substr(0, from.size()), from)) continue;
        const auto rest = location.substr(from.size());
        if (rest.empty() || rest[0] == '/' || rest[0] == '?' || rest[0] == '#')
            return "http://" + place.endpoint_authority + std::string(rest);
    }
    return std::string(location);
}

} // namespace

std::string request_text(const RequestHead& head, const Place& place, std::span<const PutIn> put, RequestWay way) {
    auto fields = head.fields;
    const bool expects = !head.http10 && fields.lists("expect", "100-continue");
    fields.remove_hop_by_hop();
    for (const auto name : kOurs) fields.remove(name);
    fields.remove("expect");
    if (way.searched) ask_for_whole(fields);
    std::size_t size = kRoom + 1024 + place.origin_form.size();
    for (const auto& field : fields.all()) size += field.name.size() + field.value.size() + 4;
    for (const auto& one : put) size += one.value.size();
    std::string text;
    text.reserve(size); // so that it never moves: a value would stay behind
    text.append(head.method).append(" ").append(place.origin_form).append(" HTTP/1.1\r\n");
    add_line(text, "Host", place.authority);
    for (const auto& field : fields.all()) add_line(text, field.name, value_of(field, put));
    if (way.websocket) text += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    if (expects && head.body.kind != Framing::Kind::none) text += "Expect: 100-continue\r\n";
    add_framing(text, head.body);
    return text += "\r\n";
}

std::string response_text(const ResponseHead& head, const ResponseWay& way) {
    auto fields = head.fields;
    fields.remove_hop_by_hop();
    for (const auto name : kOurs) fields.remove(name);
    if (way.place->endpoint && fields.has("location"))
        fields.set("location", mapped_location(fields.get("location"), *way.place));
    std::string text;
    text.reserve(kRoom + 1024);
    text.append("HTTP/1.1 ")
        .append(std::to_string(head.status))
        .append(" ")
        .append(reason_of(head.status))
        .append("\r\n");
    for (const auto& field : fields.all()) add_line(text, field.name, field.value);
    if (way.upgrade)
        text += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    else if (way.close)
        text += "Connection: close\r\n";
    add_framing(text, way.framing);
    return text += "\r\n";
}

std::string problem_text(const Error& error, unsigned status, std::string_view method, bool close) {
    api::Problem body;
    body.type = "about:blank";
    body.title = std::string(reason_of(status));
    body.code = std::string(describe(error.code).name);
    body.status = status;
    body.detail = error.message;
    if (!error.next.empty()) body.next = error.next;
    const auto content = codec::to_text(body) + "\n";
    std::string text = "HTTP/1.1 " + std::to_string(status) + " " + body.title + "\r\n";
    add_line(text, "Content-Type", "application/problem+json");
    add_line(text, "Cache-Control", "no-store");
    add_line(text, "Content-Length", std::to_string(content.size()));
    if (error.retry_after != 0) add_line(text, "Retry-After", std::to_string(error.retry_after));
    if (close) add_line(text, "Connection", "close");
    return text.append("\r\n").append(method == "HEAD" ? "" : content);
}

unsigned status_of(const Error& error) {
    if (error.code == Code::unreachable || error.code == Code::system || error.code == Code::internal) return 502;
    if (error.code == Code::bad_request && error.message.starts_with("the head is longer")) return 431;
    return describe(error.code).status;
}

} // namespace owhale::egress::http
