#include "egress/http/head.hpp"

#include <algorithm>
#include <charconv>

namespace owhale::egress::http {
namespace {

std::unexpected<Error> bad(std::string message) {
    return fail(Code::bad_request, std::move(message));
}

bool keeps_alive(const Fields& fields, bool http10) {
    if (fields.lists("connection", "close")) return false;
    return !http10 || fields.lists("connection", "keep-alive");
}

Status read_request_line(std::string_view line, RequestHead& head) {
    const auto first = line.find(' '), last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return bad("the request line is not METHOD TARGET VERSION");
    const auto method = line.substr(0, first), target = line.substr(first + 1, last - first - 1);
    const auto version = line.substr(last + 1);
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return bad("the version is not HTTP/1.1 or HTTP/1.0");
    if (!is_token(method) || method.size() > 32) return bad("the method is not a token of at most 32 bytes");
    if (target.empty() || !std::ranges::all_of(target, [](char c) { return c > ' ' && c < 0x7f; }))
        return bad("the request target holds a space, a control or a byte outside ASCII: percent-encode it");
    head.method = method;
    head.target = target;
    head.http10 = version == "HTTP/1.0";
    return {};
}

Status read_status_line(std::string_view line, ResponseHead& head) {
    const bool versioned = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
    if (!versioned || line.size() < 12 || (line.size() > 12 && line[12] != ' '))
        return bad("the status line is not that of HTTP/1.1 or HTTP/1.0");
    const auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, head.status);
    if (error != std::errc{} || end != line.data() + 12 || head.status < 100 || head.status > 599)
        return bad("the status is not a number from 100 to 599");
    head.http10 = line.starts_with("HTTP/1.0 ");
    return {};
}

// `text` ends in an empty line. Calls `first` with the first line, and adds the others to `fields`.
template <typename First> Status read_lines(std::string_view text, Fields& fields, First first) {
    if (text.size() > kMaxHead) return bad("the head is longer than 32 KiB");
    if (!text.ends_with("\r\n\r\n")) return bad("the head has no end");
    if (!clean_so_far(text, 0)) return bad("the head holds a control character or a line end that is not CRLF");
    text.remove_suffix(2);
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find("\r\n", at);
        const auto line = text.substr(at, end - at);
        if (count > kMaxFields) return bad("more than " + std::to_string(kMaxFields) + " headers");
        if (count++ == 0)
            CHECK(first(line));
        else
            CHECK(fields.add_line(line));
        at = end + 2;
    }
    return {};
}

Result<std::optional<std::uint64_t>> length_of(const Fields& fields) {
    if (!fields.has("content-length")) return std::nullopt;
    const auto digits = fields.get("content-length");
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty() || length >> 62 != 0)
        return bad("Content-Length is not a number");
    return length;
}

Result<Framing> framing_of(const Fields& fields, bool http10, Framing::Kind otherwise) {
    const auto length = TRY(length_of(fields));
    if (!fields.has("transfer-encoding"))
        return length ? Framing{Framing::Kind::sized, *length} : Framing{otherwise, 0};
    if (length) return bad("both Content-Length and Transfer-Encoding");
    if (http10) return bad("Transfer-Encoding in HTTP/1.0");
    if (!same_name(fields.get("transfer-encoding"), "chunked"))
        return bad("the only Transfer-Encoding known is chunked");
    return Framing{Framing::Kind::chunked, 0};
}

struct Reason {
    unsigned status;
    std::string_view text;
};
// RFC 9110 section 15, RFC 6585, RFC 4918, RFC 8297, RFC 8470.
constexpr Reason kReasons[] = {{100, "Continue"},
                               {101, "Switching Protocols"},
                               {200, "OK"},
                               {201, "Created"},
                               {202, "Accepted"},
                               {203, "Non-Authoritative Information"},
                               {204, "No Content"},
                               {205, "Reset Content"},
                               {206, "Partial Content"},
                               {207, "Multi-Status"},
                               {300, "Multiple Choices"},
                               {301, "Moved Permanently"},
                               {302, "Found"},
                               {303, "See Other"},
                               {304, "Not Modified"},
                               {307, "Temporary Redirect"},
                               {308, "Permanent Redirect"},
                               {400, "Bad Request"},
                               {401, "Unauthorized"},
                               {402, "Payment Required"},
                               {403, "Forbidden"},
                               {404, "Not Found"},
                               {405, "Method Not Allowed"},
                               {406, "Not Acceptable"},
                               {408, "Request Timeout"},
                               {409, "Conflict"},
                               {410, "Gone"},
                               {411, "Length Required"},
                               {412, "Precondition Failed"},
                               {413, "Content Too Large"},
                               {414, "URI Too Long"},
                               {415, "Unsupported Media Type"},
                               {416, "Range Not Satisfiable"},
                               {417, "Expectation Failed"},
                               {421, "Misdirected Request"},
                               {422, "Unprocessable Content"},
                               {423, "Locked"},
                               {425, "Too Early"},
                               {426, "Upgrade Required"},
                               {428, "Precondition Required"},
                               {429, "Too Many Requests"},
                               {431, "Request Header Fields Too Large"},
                               {451, "Unavailable For Legal Reasons"},
                               {500, "Internal Server Error"},
                               {501, "Not Implemented"},
                               {502, "Bad Gateway"},
                               {503, "Service Unavailable"},
                               {504, "Gateway Timeout"},
                               {505, "HTTP Version Not Supported"},
                               {507, "Insufficient Storage"}};

} // namespace

bool RequestHead::keep_alive() const {
    return keeps_alive(fields, http10);
}

bool ResponseHead::keep_alive() const {
    return keeps_alive(fields, http10);
}

bool RequestHead::websocket() const {
    return method == "GET" && !http10 && body.kind == Framing::Kind::none && fields.lists("connection", "upgrade") &&
           same_name(fields.get("upgrade"), "websocket");
}

// No CR but before LF, no LF but after CR, no NUL or other control but a tab.
bool clean_so_far(std::string_view text, std::size_t from) {
    for (std::size_t i = from; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= ' ' && c != 0x7f) continue;
        if (c == '\r' && i + 1 < text.size() && text[i + 1] != '\n') return false;
        if (c == '\n' && (i == 0 || text[i - 1] != '\r')) return false;
        if (c != '\t' && c != '\r' && c != '\n') return false;
    }
    return true;
}

Result<RequestHead> parse_request(std::string_view text) {
    RequestHead head;
    CHECK(read_lines(text, head.fields, [&](std::string_view line) { return read_request_line(line, head); }));
    if (head.method.empty()) return bad("the request line is missing");
    head.body = TRY(framing_of(head.fields, head.http10, Framing::Kind::none));
    return head;
}

Result<ResponseHead> parse_response(std::string_view text) {
    ResponseHead head;
    CHECK(read_lines(text, head.fields, [&](std::string_view line) { return read_status_line(line, head); }));
    if (head.status == 0) return bad("the status line is missing");
    head.body = TRY(framing_of(head.fields, head.http10, Framing::Kind::until_end));
    return head;
}

Framing body_of(const ResponseHead& head, std::string_view method) {
    const bool none = method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304;
    return none ? Framing{} : head.body;
}

std::string_view reason_of(unsigned status) {
    const auto* const at = std::ranges::find(kReasons, status, &Reason::status);
    return at == std::end(kReasons) ? std::string_view{} : at->text;
}

} // namespace owhale::egress::http
