#include "egress/connect_head.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace owhale::egress {
namespace {

constexpr std::size_t kMostFields = 100;

std::unexpected<Error> bad(std::string_view why) {
    return fail(Code::bad_request, "the CONNECT request " + std::string(why), "CONNECT HOST:PORT HTTP/1.1");
}

bool is_token(std::string_view text) { // RFC 9110 section 5.6.2
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               marks.find(c) != std::string_view::npos;
    });
}

bool is_clean(std::string_view line) {
    return std::ranges::all_of(
        line, [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); });
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

Result<HostPort> read_line(std::string_view line) {
    constexpr std::string_view method = "CONNECT ";
    if (!line.starts_with(method)) return bad("is none");
    const auto space = line.find(' ', method.size());
    const auto version = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return bad("has no version that is spoken here");
    auto target = read_host_port(line.substr(method.size(), space - method.size()));
    if (!target) return bad("has no target: " + target.error().message);
    return target;
}

// The Host says the same, with or without the port.
bool agrees(std::string_view value, const HostPort& target) {
    if (const auto whole = read_host_port(value)) return whole->host == target.host && whole->port == target.port;
    const auto host = normal_host(value);
    return host && *host == target.host;
}

} // namespace

Result<HostPort> read_connect(std::string_view head) {
    std::size_t fields = 0;
    std::optional<HostPort> target;
    bool has_host = false;
    while (!head.empty()) {
        const auto end = head.find("\r\n");
        if (end == std::string_view::npos) return bad("has a line without an end");
        const auto line = head.substr(0, end);
        head.remove_prefix(end + 2);
        if (!is_clean(line)) return bad("has control bytes");
        if (!target) {
            target = TRY(read_line(line));
            continue;
        }
        if (line.empty()) break;
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || ++fields > kMostFields)
            return bad("has a field of no valid form");
        const auto name = lower(line.substr(0, colon));
        if (name == "transfer-encoding" || (name == "content-length" && trimmed(line.substr(colon + 1)) != "0"))
            return bad("has a body");
        if (name == "host" && (std::exchange(has_host, true) || !agrees(trimmed(line.substr(colon + 1)), *target)))
            return bad("has a Host that is not its target");
    }
    if (!target) return bad("is empty");
    return *target;
}

std::string refusal_answer(const Error& error) {
    const auto& row = describe(error.code);
    const unsigned status = error.code == Code::unreachable ? 502 : row.status;
    boost::json::object problem{{"type", "about:blank"},
                                {"title", row.title},
                                {"status", status},
                                {"code", row.name},
                                {"detail", error.message}};
    if (!error.next.empty()) problem["next"] = error.next;
    const auto body = boost::json::serialize(problem) + "\n";
    return "HTTP/1.1 " + std::to_string(status) + " " + std::string(row.title) +
           "\r\nContent-Type: application/problem+json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\n\r\n" + body;
}

} // namespace owhale::egress
