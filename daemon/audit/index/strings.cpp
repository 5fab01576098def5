#include "audit/index/strings.hpp"

#include <algorithm>
#include <utility>

namespace owhale::audit::index {
namespace {

constexpr std::size_t kBlob = 40, kBlobRun = 20;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

unsigned hex_of(std::string_view digits) {
    unsigned value = 0;
    for (const char c : digits)
        value = value << 4 | static_cast<unsigned>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    return value;
}

// Only control characters are written as \u00XX in canonical JSON.
char short_escape(char c) {
    switch (c) {
    case 'b':
        return '\b';
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'f':
        return '\f';
    case 'r':
        return '\r';
    default:
        return c; // " and backslash
    }
}

// The string that begins after its opening quote, still escaped; `rest` goes behind its closing one.
bool take_string(std::string_view& rest, std::string_view& raw) {
    std::size_t at = 0;
    for (;;) {
        at = rest.find_first_of("\"\\", at);
        if (at == std::string_view::npos) return false;
        if (rest[at] == '"') break;
        at += 2;
    }
    raw = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    return true;
}

} // namespace

bool is_time(std::string_view text) {
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
    if (text.size() <= shape.size() || text.size() > 35) return false;
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i]) return false;
    return text.find_first_not_of("0123456789.:+-Z", shape.size()) == std::string_view::npos;
}

bool is_blob(std::string_view text) {
    if (text.size() < kBlob || text.front() == '/') return false;
    std::size_t run = 0;
    bool upper = false, lower = false, digit = false, found = false;
    for (const char c : text) {
        const bool word = is_upper(c) || is_lower(c) || is_digit(c);
        if (!word && std::string_view("+/=-_").find(c) == std::string_view::npos) return false;
        if (!word) {
            run = 0;
            upper = lower = digit = false;
            continue;
        }
        upper |= is_upper(c);
        lower |= is_lower(c);
        digit |= is_digit(c);
        found |= ++run >= kBlobRun && upper && lower && digit;
    }
    return found;
}

std::string_view Strings::unescaped(std::string_view raw) {
    auto slash = raw.find('\\');
    if (slash == std::string_view::npos) return raw;
    buffer_.clear();
    while (slash != std::string_view::npos && slash + 1 < raw.size()) {
        buffer_ += raw.substr(0, slash);
        const char kind = raw[slash + 1];
        const bool wide = kind == 'u' && slash + 6 <= raw.size();
        buffer_ += wide ? static_cast<char>(hex_of(raw.substr(slash + 2, 4))) : short_escape(kind);
        raw.remove_prefix(slash + (wide ? 6 : 2));
        slash = raw.find('\\');
    }
    return buffer_ += raw;
}

// The next value, still escaped, with the member that it is of, if of one.
bool Strings::next_any(std::string_view& text) {
    for (;;) {
        const auto at = rest_.find_first_of("\"{}[]");
        if (at == std::string_view::npos) return false;
        const char what = rest_[at];
        rest_.remove_prefix(at + 1);
        apart_ |= what != '"';
        if (what == '{') ++depth_;
        if (what == '}') --depth_;
        if (what != '"') continue;
        if (!take_string(rest_, text)) return false;
        if (!rest_.starts_with(':')) return true;
        member_ = text;
        apart_ = true;
    }
}

bool Strings::next(std::string_view& text) {
    while (next_any(text)) {
        const bool own = depth_ == 1 && (member_ == "id" || member_ == "time");
        if (text.empty() || own || is_time(text) || is_blob(text)) continue;
        text = unescaped(text);
        goes_on_ = !std::exchange(apart_, false);
        return true;
    }
    return false;
}

} // namespace owhale::audit::index
