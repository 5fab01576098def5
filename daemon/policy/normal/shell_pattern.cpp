// Matches a shell's patterns by going back to the last star alone.
#include "policy/normal/shell_pattern.hpp"

#include <cstring>

namespace owhale::policy::normal {
namespace {

bool in_class(std::string_view name, unsigned char c) {
    const bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z', digit = c >= '0' && c <= '9';
    if (name == "alpha") return lower || upper;
    if (name == "digit") return digit;
    if (name == "alnum") return lower || upper || digit;
    if (name == "lower") return lower;
    if (name == "upper") return upper;
    if (name == "space") return c == ' ' || (c >= 9 && c <= 13);
    if (name == "blank") return c == ' ' || c == '\t';
    if (name == "punct") return c > 32 && c < 127 && !lower && !upper && !digit;
    return false;
}

// The end of a bracket expression that starts at `at`; 0: it is none.
std::size_t bracket(std::string_view pattern, std::size_t at, unsigned char c, bool& hit) {
    std::size_t i = at + 1;
    const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
    if (negated) ++i;
    bool found = false;
    for (const std::size_t first = i; i < pattern.size(); ++i) {
        if (pattern[i] == ']' && i > first) {
            hit = found != negated;
            return i + 1;
        }
        if (pattern.substr(i).starts_with("[:")) {
            const auto end = pattern.find(":]", i);
            if (end != std::string_view::npos) {
                found = found || in_class(pattern.substr(i + 2, end - i - 2), c);
                i = end + 1;
                continue;
            }
        }
        const auto low = static_cast<unsigned char>(pattern[i]);
        if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
            found = found || (c >= low && c <= static_cast<unsigned char>(pattern[i + 2]));
            i += 2;
        } else
            found = found || c == low;
    }
    return 0;
}

// One step of the pattern takes one byte: where the pattern goes on, or 0.
std::size_t take(std::string_view pattern, std::size_t at, char byte) {
    if (pattern[at] == '?') return at + 1;
    if (pattern[at] == '[') {
        bool hit = false;
        if (const auto end = bracket(pattern, at, static_cast<unsigned char>(byte), hit)) return hit ? end : 0;
    }
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    return pattern[at] == byte ? at + 1 : 0;
}

} // namespace

bool shell_match(std::string_view pattern, std::string_view text) {
    std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = ++p;
            resume = t;
            continue;
        }
        const std::size_t next = p < pattern.size() ? take(pattern, p, text[t]) : 0;
        if (next != 0) {
            p = next;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star;
            t = ++resume;
        } else
            return false;
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

std::string strip_prefix(std::string_view pattern, std::string_view text, bool longest) {
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const std::size_t length = longest ? text.size() - i : i;
        if (shell_match(pattern, text.substr(0, length))) return std::string(text.substr(length));
    }
    return std::string(text);
}

std::string strip_suffix(std::string_view pattern, std::string_view text, bool longest) {
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const std::size_t length = longest ? text.size() - i : i;
        if (shell_match(pattern, text.substr(text.size() - length)))
            return std::string(text.substr(0, text.size() - length));
    }
    return std::string(text);
}

std::string replace_pattern(std::string_view pattern, std::string_view by, std::string_view text, bool all,
                            char anchor) {
    std::string out;
    if (pattern.empty()) return std::string(text);
    for (std::size_t at = 0; at < text.size();) {
        std::size_t length = 0;
        if (anchor != '#' || at == 0)
            for (std::size_t l = text.size() - at; l > 0 && length == 0; --l) {
                if (anchor == '%' && at + l != text.size()) break;
                if (shell_match(pattern, text.substr(at, l))) length = l;
            }
        if (length == 0) {
            out += text[at++];
            continue;
        }
        out += by;
        at += length;
        if (!all) return out + std::string(text.substr(at));
    }
    return out;
}

} // namespace owhale::policy::normal
