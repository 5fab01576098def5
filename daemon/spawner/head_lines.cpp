#include "spawner/head_lines.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ctime>
#include <vector>

namespace owhale::spawner {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"; // RFC 4648, 4
constexpr std::size_t kIdText = 8, kKeyText = 44;                                                        // of a vkey
constexpr std::size_t kRootText = 44;                                                                    // of 32 bytes
constexpr const char* kTime = "%Y-%m-%dT%H:%M:%SZ";

std::string to_base64(const std::uint8_t (&root)[32]) {
    std::string text;
    for (std::size_t i = 0; i < sizeof root; i += 3) {
        const auto byte = [&](std::size_t at) { return at < sizeof root ? std::uint32_t{root[at]} : 0u; };
        const auto bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
        for (int shift = 18; shift >= 0; shift -= 6) text += kDigits[bits >> shift & 63];
    }
    text.back() = '='; // 32 is two more than a multiple of three
    return text;
}

bool from_base64(std::string_view text, std::uint8_t (&root)[32]) {
    if (text.size() != kRootText || text.back() != '=') return false;
    std::uint32_t bits = 0;
    std::size_t out = 0;
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        const auto digit = kDigits.find(text[i]);
        if (digit == std::string_view::npos) return false;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        const auto held = 6 * (i + 1) - 8 * out; // bits that are not out yet
        if (held >= 8 && out < sizeof root) root[out++] = static_cast<std::uint8_t>(bits >> (held - 8));
    }
    return (bits & 3) == 0;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (std::size_t from = 0; from <= line.size();) {
        const auto end = std::min(line.find(' ', from), line.size());
        words.push_back(line.substr(from, end - from));
        from = end + 1;
    }
    return words;
}

std::optional<std::int64_t> seconds_of(std::string_view text) {
    std::tm parts{};
    const std::string whole(text);
    const char* end = ::strptime(whole.c_str(), kTime, &parts);
    if (end == nullptr || *end != '\0' || whole.size() != 20) return {};
    return ::timegm(&parts);
}

// ORIGIN "+" 8 hex digits "+" base64 of 33 bytes: so that no part of one is taken for one.
bool is_vkey(std::string_view text) {
    const auto first = text.find('+');
    if (first == std::string_view::npos || first == 0 || text.size() != first + 1 + kIdText + 1 + kKeyText)
        return false;
    const auto plain = [](unsigned char c) { return c > ' ' && c < 0x7f; };
    const auto id = text.substr(first + 1, kIdText), key = text.substr(first + 2 + kIdText);
    return std::ranges::all_of(text, plain) && text[first + 1 + kIdText] == '+' &&
           id.find_first_not_of("0123456789abcdef") == std::string_view::npos &&
           key.find_first_not_of(kDigits) == std::string_view::npos;
}

} // namespace

std::string_view vkey_of(const char (&field)[wire::kMaxVkey]) {
    const auto length = ::strnlen(field, sizeof field);
    const std::string_view text(field, length);
    return length < sizeof field && is_vkey(text) ? text : std::string_view{};
}

std::string first_line(std::string_view vkey) {
    std::string line(kFirstLine);
    ((line += vkey.substr(0, vkey.find('+'))) += ' ') += vkey;
    return line + "\n";
}

std::string head_line(const wire::AuditHead& head, std::int64_t time) {
    const std::time_t seconds = time;
    std::tm utc{};
    char when[32];
    ::gmtime_r(&seconds, &utc);
    ::strftime(when, sizeof when, kTime, &utc);
    return std::to_string(head.size) + " " + to_base64(head.root) + " " + when + "\n";
}

std::optional<std::string> read_first_line(std::string_view line) {
    if (!line.starts_with(kFirstLine)) return {};
    const auto words = words_of(line.substr(kFirstLine.size()));
    const bool fits = words.size() == 2 && words[1].size() < wire::kMaxVkey && is_vkey(words[1]);
    if (!fits || words[0] != words[1].substr(0, words[1].find('+'))) return {};
    return std::string(words[1]);
}

std::optional<Head> read_head_line(std::string_view line) {
    const auto words = words_of(line);
    if (words.size() != 3) return {};
    Head head;
    const auto* end = words[0].data() + words[0].size();
    const auto [rest, error] = std::from_chars(words[0].data(), end, head.size);
    const auto time = seconds_of(words[2]);
    if (error != std::errc{} || rest != end || head.size == 0 || head.size > wire::kMaxLogSize) return {};
    if (!time || !from_base64(words[1], head.root)) return {};
    head.time = *time;
    return head;
}

} // namespace owhale::spawner
