// Numbers in code: where memory, a repetition or a count is asked for that no machine has.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "policy/normal/endless.hpp"

namespace owhale::policy::normal {
namespace {

constexpr double kHuge = 1e9;  // bytes, elements, rounds
constexpr double kTower = 1e6; // an exponent: its power has as many digits

constexpr std::array<std::string_view, 20> kAllocates = {
    "bytearray",       "bytes",      "alloc",      "allocUnsafe", "malloc",      "calloc",    "repeat",
    "zeroblob",        "randomblob", "str_repeat", "urandom",     "token_bytes", "randbytes", "mmap",
    "posix_fallocate", "fallocate",  "zfill",      "ljust",       "rjust",       "center"};
constexpr std::array<std::string_view, 17> kCounts = {
    "range",       "xrange",     "zeros", "ones",    "empty",           "full", "rand",   "randn",   "Array",
    "ArrayBuffer", "Uint8Array", "rep",   "numeric", "generate_series", "seq",  "repeat", "truncate"};

bool is_word(char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

template <std::size_t N> bool is_any(std::string_view word, const std::array<std::string_view, N>& list) {
    return std::ranges::find(list, word) != list.end();
}

std::size_t skip(std::string_view text, std::size_t at) {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) ++at;
    return at;
}

struct Number {
    double value = 0;
    bool tower = false;
    std::size_t end = 0;
};

std::optional<Number> literal(std::string_view text, std::size_t at) {
    Number out;
    bool fraction = false;
    double scale = 1;
    std::size_t digits = 0;
    for (; at < text.size(); ++at) {
        if (text[at] == '.' && !fraction && at + 1 < text.size() && is_digit(text[at + 1]))
            fraction = true;
        else if (is_digit(text[at])) {
            out.value = out.value * 10 + (text[at] - '0');
            if (fraction) scale *= 10;
            ++digits;
        } else if (text[at] != '_')
            break;
    }
    if (digits == 0) return std::nullopt;
    out.value /= scale;
    if (at + 1 < text.size() && (text[at] == 'e' || text[at] == 'E') && is_digit(text[at + 1])) {
        double power = 0;
        for (++at; at < text.size() && is_digit(text[at]); ++at) power = power * 10 + (text[at] - '0');
        out.value *= std::pow(10, std::min(power, 300.0));
    }
    out.end = at;
    return out;
}

// 10**9, 1 << 30, 200 * 2**30, 9**9**9: from the left, powers from the right.
std::optional<Number> constant(std::string_view text, std::size_t at, bool caret, int depth = 0) {
    auto out = literal(text, at);
    if (!out || depth > 8) return out;
    for (int rounds = 0; rounds < 8; ++rounds) {
        const auto next = skip(text, out->end);
        const auto rest = text.substr(std::min(next, text.size()));
        const bool power = rest.starts_with("**") || (caret && rest.starts_with("^"));
        const bool shift = rest.starts_with("<<");
        const bool times = !power && rest.starts_with("*");
        if (!power && !shift && !times) break;
        const auto operand = skip(text, next + (rest.starts_with("**") || shift ? 2 : 1));
        const auto right = power ? constant(text, operand, caret, depth + 1) : literal(text, operand);
        if (!right) break;
        if (power) {
            out->tower = out->tower || right->tower || (right->value >= kTower && out->value > 1);
            out->value = std::pow(out->value, std::min(right->value, 1e4));
        } else
            out->value = shift ? out->value * std::pow(2, std::min(right->value, 1e4)) : out->value * right->value;
        out->end = right->end;
        if (power) break; // what stood to the right is in it
    }
    return out;
}

// The name of the call in whose brackets a place is.
std::string_view call_around(std::string_view text, std::size_t at) {
    int open = 0;
    for (std::size_t back = 0; at > 0 && back < 256; ++back) {
        const char c = text[--at];
        if (c == ')' || c == ']' || c == '}') ++open;
        if ((c == '(' || c == '[' || c == '{') && open-- == 0) {
            if (c != '(') return {};
            auto end = at;
            while (end > 0 && text[end - 1] == ' ') --end;
            auto start = end;
            while (start > 0 && is_word(text[start - 1])) --start;
            if (start < end) return text.substr(start, end - start);
            open = 0; // ((1, 2)): a shape
        }
    }
    return {};
}

// 'x' * 10**9, "x" x 1e9
bool repeats(std::string_view text, std::size_t at) {
    while (at > 0 && text[at - 1] == ' ') --at;
    if (at < 2 || (text[at - 1] != '*' && text[at - 1] != 'x')) return false;
    --at;
    while (at > 0 && text[at - 1] == ' ') --at;
    return at > 0 && (text[at - 1] == '\'' || text[at - 1] == '"' || text[at - 1] == ']');
}

} // namespace

bool is_huge(std::string_view language, std::string_view text) {
    const bool caret =
        language == "julia" || language == "r" || language == "awk" || language == "bc" || language == "lua";
    for (std::size_t at = 0; at < text.size();) {
        const bool glued = at > 0 && (is_word(text[at - 1]) || text[at - 1] == '.') && text[at - 1] != 'x';
        if (!is_digit(text[at]) || glued) {
            ++at;
            continue;
        }
        const auto number = constant(text, at, caret);
        if (!number) {
            ++at;
            continue;
        }
        if (number->tower) return true;
        if (number->value >= kHuge) {
            const auto name = call_around(text, at);
            if (repeats(text, at) || (at > 0 && text[at - 1] == '(' && repeats(text, at - 1)) ||
                is_any(name, kAllocates) || is_any(name, kCounts))
                return true;
        }
        if (number->value >= kTower && call_around(text, at) == "setrecursionlimit") return true;
        at = std::max(number->end, at + 1);
    }
    return false;
}

} // namespace owhale::policy::normal
