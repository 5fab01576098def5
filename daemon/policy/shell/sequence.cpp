#include "policy/shell/sequence.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "policy/shell/characters.hpp"

namespace owhale::policy::shell {

namespace {

std::optional<long long> number_of(std::string_view text) {
    long long value = 0;
    const auto digits = text.starts_with('+') ? text.substr(1) : text;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool whole = error == std::errc() && end == digits.data() + digits.size() && !digits.starts_with("+");
    if (!whole || value > (1LL << 62) / 2 || value < -(1LL << 62) / 2) return std::nullopt;
    return value;
}

bool is_padded(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return text.size() > 1 && text.starts_with('0');
}

bool is_one_letter(std::string_view text) {
    return text.size() == 1 && is_letter(text[0]);
}

bool is_digits(std::string_view text) {
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    return !text.empty() && std::ranges::all_of(text, [](char byte) { return is_digit(byte); });
}

// Longer than any bound, so that nobody expands it: letters of two cases bring quotes and backslashes with them, and
// numbers beyond these make bash's arithmetic overflow.
constexpr Sequence kNotModelled{0, 1LL << 61, 1, 0, false};

} // namespace

std::optional<Sequence> sequence_of(std::string_view text) {
    const auto dots = text.find("..");
    if (dots == std::string_view::npos) return std::nullopt;
    const auto first = text.substr(0, dots);
    auto last = text.substr(dots + 2);
    std::string_view step = "1";
    if (const auto more = last.find(".."); more != std::string_view::npos) {
        step = last.substr(more + 2);
        last = last.substr(0, more);
    }
    const bool letters = is_one_letter(first) && is_one_letter(last);
    if (!is_digits(step) || (!letters && (!is_digits(first) || !is_digits(last)))) return std::nullopt;
    const auto by = number_of(step), from = number_of(first), to = number_of(last);
    const bool mixed = letters && (first[0] & 0x20) != (last[0] & 0x20);
    if (!by || mixed || (!letters && (!from || !to))) return kNotModelled;
    const auto stride = *by == 0 ? 1 : std::llabs(*by);
    if (letters) return Sequence{first[0], last[0], stride, 0, true};
    const auto width = is_padded(first) || is_padded(last) ? std::max(first.size(), last.size()) : 0;
    return Sequence{*from, *to, stride, width, false};
}

std::size_t Sequence::count() const {
    return static_cast<std::size_t>(std::llabs(last - first) / step) + 1;
}

std::string Sequence::member(std::size_t index) const {
    const auto away = static_cast<long long>(index) * step;
    const auto value = first <= last ? first + away : first - away;
    if (letters) return std::string(1, static_cast<char>(value));
    auto text = std::to_string(value);
    while (text.size() < width) text.insert(value < 0 ? 1 : 0, "0");
    return text;
}

} // namespace owhale::policy::shell
