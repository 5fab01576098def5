#include "transport/answer.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace owhale::transport {
namespace {

struct Reason {
    unsigned status;
    std::string_view text;
};
constexpr std::array kReasons = {
    Reason{200, "OK"},
    Reason{201, "Created"},
    Reason{202, "Accepted"},
    Reason{204, "No Content"},
    Reason{206, "Partial Content"},
    Reason{304, "Not Modified"},
    Reason{308, "Permanent Redirect"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{413, "Content Too Large"},
    Reason{417, "Expectation Failed"},
    Reason{421, "Misdirected Request"},
    Reason{422, "Unprocessable Content"},
    Reason{426, "Upgrade Required"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{503, "Service Unavailable"},
};

std::string_view reason_of(unsigned status) {
    for (const auto& reason : kReasons)
        if (reason.status == status) return reason.text;
    return "";
}

// RFC 9110 section 5.6.7; the process never sets a locale.
std::string http_date() {
    const std::time_t seconds = wall_clock_us() / 1'000'000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    const auto size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {text.data(), size};
}

bool breaks_line(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos;
}

void add(std::string& head, std::string_view name, std::string_view value) {
    if (breaks_line(name) || breaks_line(value)) {
        log::error("a response header holds a line end", {{"name", std::string(name)}, {"value", std::string(value)}});
        return;
    }
    (((head += name) += ": ") += value) += "\r\n";
}

std::string begin_head(const Response& response) {
    std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
    (head += reason_of(response.status)) += "\r\n";
    add(head, "Date", http_date());
    return head;
}

bool names(const Response& response, std::string_view field) {
    return std::ranges::any_of(response.headers, [&](const auto& one) { return one.first == field; });
}

std::string end_head(std::string head, const Response& response, bool keep_alive) {
    if (!names(response, "Cache-Control")) add(head, "Cache-Control", "no-store");
    add(head, "X-Content-Type-Options", "nosniff");
    if (!keep_alive) add(head, "Connection", "close");
    for (const auto& [name, value] : response.headers) add(head, name, value);
    return head += "\r\n";
}

} // namespace

bool may_have_body(unsigned status) {
    return status >= 200 && status != 204 && status != 304;
}

std::string head_of(const Response& response, bool keep_alive) {
    auto head = begin_head(response);
    if (may_have_body(response.status)) {
        add(head, "Content-Type", response.content_type);
        add(head, "Content-Length", std::to_string(response.body.size()));
    }
    return end_head(std::move(head), response, keep_alive);
}

std::string head_of_stream(const Response& response, bool chunked) {
    auto head = begin_head(response);
    add(head, "Content-Type", response.content_type);
    if (chunked) add(head, "Transfer-Encoding", "chunked");
    return end_head(std::move(head), response, false);
}

Error stopping() {
    return {Code::busy, "owhaled is stopping", "ask again when it is back: a restart takes a moment", 0, "stopping"};
}

} // namespace owhale::transport
