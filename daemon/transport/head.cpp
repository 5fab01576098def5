#include "transport/head.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace owhale::transport {
namespace {

// Fields of which a second one would be ambiguous or an attack.
constexpr std::array<std::string_view, 16> kOnce = {
    "host",          "content-length",  "transfer-encoding", "content-type",      "content-encoding",
    "expect",        "origin",          "upgrade",           "sec-websocket-key", "sec-websocket-version",
    "authorization", "owhale-password", "idempotency-key",   "sec-fetch-site",    "te",
    "trailer"};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_token_char(char c) {
    const bool alnum = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
    return alnum || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool same(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::unexpected<Error> bad(std::string message) {
    return fail(Code::bad_request, std::move(message));
}

Status read_request_line(std::string_view line, Head& head) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return bad("the request line is not METHOD TARGET VERSION");
    const auto method = line.substr(0, first);
    const auto target = line.substr(first + 1, last - first - 1);
    const auto version = line.substr(last + 1);
    if (!is_token(method)) return bad("the method is not a token");
    if (target.empty() || !std::ranges::all_of(target, [](char c) { return c > ' ' && c < 0x7f; }))
        return bad("the request target holds a space, a control or a byte outside ASCII: percent-encode it");
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return bad("the HTTP version is not 1.0 or 1.1");
    head.method = method;
    head.target = target;
    head.http10 = version == "HTTP/1.0";
    return {};
}

Status read_field(std::string_view line, Head& head) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return bad("a header line has no colon");
    std::string name(line.substr(0, colon));
    if (!is_token(name)) return bad("a header name is not a token (folded lines are refused)");
    std::ranges::transform(name, name.begin(), lower);
    const auto value = trimmed(line.substr(colon + 1));
    const auto [at, fresh] = head.fields.try_emplace(name, value);
    if (fresh) return {};
    if (std::ranges::find(kOnce, name) != kOnce.end()) return bad("the header " + name + " stands twice");
    (at->second += ", ") += value;
    return {};
}

Status read_framing(Head& head) {
    const bool sized = head.fields.contains("content-length");
    const bool coded = head.fields.contains("transfer-encoding");
    if (sized && coded) return bad("both Content-Length and Transfer-Encoding");
    if (coded) {
        if (head.http10) return bad("Transfer-Encoding in HTTP/1.0");
        if (!same(head.field("transfer-encoding"), "chunked"))
            return bad("the only Transfer-Encoding known is chunked");
        head.chunked = true;
    }
    if (!sized) return {};
    const auto digits = head.field("content-length");
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size()) return bad("Content-Length is not a number");
    head.content_length = length;
    return {};
}

} // namespace

std::string_view Head::field(std::string_view name) const {
    const auto at = fields.find(name);
    return at == fields.end() ? std::string_view{} : std::string_view(at->second);
}

bool Head::lists(std::string_view name, std::string_view token) const {
    auto rest = field(name);
    while (!rest.empty()) {
        const auto comma = std::min(rest.find(','), rest.size());
        if (same(trimmed(rest.substr(0, comma)), token)) return true;
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return false;
}

bool Head::keep_alive() const {
    if (lists("connection", "close")) return false;
    return !http10 || lists("connection", "keep-alive");
}

bool Head::upgrade() const {
    return lists("connection", "upgrade") && same(field("upgrade"), "websocket");
}

// No CR but before LF, no LF but after CR, no NUL or other control but a tab.
bool clean_so_far(std::string_view text, std::size_t from) {
    for (std::size_t i = from; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c == '\r' && i + 1 < text.size() && text[i + 1] != '\n') return false;
        if (c == '\n' && (i == 0 || text[i - 1] != '\r')) return false;
        if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f) return false;
    }
    return true;
}

Result<Head> parse_head(std::string_view text) {
    if (!text.ends_with("\r\n\r\n")) return bad("the request head has no end");
    if (!clean_so_far(text, 0)) return bad("the request head holds a control character or a line end that is not CRLF");
    text.remove_suffix(2);
    Head head;
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find("\r\n", at);
        const auto line = text.substr(at, end - at);
        if (count > kMaxFields) return bad("more than " + std::to_string(kMaxFields) + " headers");
        if (count++ == 0)
            CHECK(read_request_line(line, head));
        else
            CHECK(read_field(line, head));
        at = end + 2;
    }
    if (head.method.empty()) return bad("the request line is missing");
    CHECK(read_framing(head));
    return head;
}

std::string take_prefixed(std::string& list, std::string_view prefix) {
    std::string taken, others;
    for (std::string_view rest = list; !rest.empty();) {
        const auto comma = std::min(rest.find(','), rest.size());
        const auto one = trimmed(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        if (one.starts_with(prefix)) {
            const auto what = one.substr(prefix.size());
            (taken += taken.empty() ? "" : ",") += what.empty() ? "," : what;
        } else if (!one.empty()) {
            (others += others.empty() ? "" : ", ") += one;
        }
    }
    list = std::move(others);
    return taken;
}

Status refuse_pages(const Head& head) {
    const auto site = head.field("sec-fetch-site");
    if (head.fields.contains("origin") || (!site.empty() && site != "none" && site != "same-origin"))
        return fail(Code::origin_not_allowed, "requests of web pages are refused", "Send no Origin header.");
    return {};
}

} // namespace owhale::transport
