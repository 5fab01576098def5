#include "egress/url_path.hpp"

#include <algorithm>

namespace owhale::egress {
namespace {

std::unexpected<Error> refused(std::string_view why) {
    return fail(Code::invalid_value, "the path of the URL " + std::string(why),
                "write it without; servers do not agree on what it means");
}

int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool unreserved(unsigned char c) { // RFC 3986 section 2.3
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void put_escaped(std::string& out, unsigned char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    out += '%';
    out += digits[c >> 4];
    out += digits[c & 15];
}

Result<std::string> unescaped(std::string_view path) {
    std::string out;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const auto c = static_cast<unsigned char>(path[i]);
        if (c <= 0x20 || c >= 0x7f) return refused("has bytes that no URL has");
        if (c == '\\') return refused("has a backslash");
        if (c != '%') {
            out += path[i];
            continue;
        }
        const int high = i + 2 < path.size() ? hex(path[i + 1]) : -1, low = i + 2 < path.size() ? hex(path[i + 2]) : -1;
        if (high < 0 || low < 0) return refused("has a broken escape");
        const auto byte = static_cast<unsigned char>(high * 16 + low);
        if (byte == '\\') return refused("has an escaped backslash");
        if (byte < 0x20 || byte == 0x7f) return refused("has an escaped control");
        if (unreserved(byte))
            out += static_cast<char>(byte);
        else
            put_escaped(out, byte);
        i += 2;
    }
    return out;
}

// An escaped slash is one to some servers, so that it ends a segment here, too.
std::size_t segment_end(std::string_view path, std::size_t from) {
    return std::min({path.find('/', from), path.find("%2F", from), path.size()});
}

bool has_dots(std::string_view path) {
    for (std::size_t from = 0; from <= path.size();) {
        const auto slash = segment_end(path, from);
        // Some servers cut what follows a semicolon before they look at the segment (RFC 3986 section 3.3).
        auto segment = path.substr(from, slash - from);
        segment = segment.substr(0, segment.find(';'));
        if (segment == "." || segment == "..") return true;
        from = slash + (slash < path.size() && path[slash] == '%' ? 3 : 1);
    }
    return false;
}

} // namespace

Result<std::string> normal_path(std::string_view target) {
    const auto path = target.substr(0, target.find_first_of("?#"));
    if (path.empty()) return std::string("/");
    if (path.front() != '/') return refused("does not start with a slash");
    auto out = TRY(unescaped(path));
    if (has_dots(out)) return refused("has \".\" or \"..\"");
    return out;
}

bool path_within(std::string_view path, std::string_view prefix) {
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    if (!path.starts_with(prefix)) return false;
    return path.size() == prefix.size() || path[prefix.size()] == '/';
}

} // namespace owhale::egress
