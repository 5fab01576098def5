#include "policy/pattern.hpp"

#include <algorithm>

namespace owhale::policy {
namespace {

constexpr std::string_view kSpecial = "*?{[";

// Whether these first, or last, bytes rule the pattern out. What is not known, two bytes from a NUL on, rules nothing out.
enum class Start : std::uint8_t { same, differs, unknown, shorter };

Start compare_start(std::string_view pattern, std::string_view text) {
    const auto count = std::min(pattern.size(), text.size());
    for (std::size_t i = 0; i < count; ++i) {
        if (pattern[i] == text[i]) continue;
        return text[i] == '\0' ? Start::unknown : Start::differs;
    }
    return text.size() < pattern.size() ? Start::shorter : Start::same;
}

bool end_differs(std::string_view pattern, std::string_view text) {
    for (std::size_t i = 1; i <= std::min(pattern.size(), text.size()); ++i) {
        const auto at = text.size() - i;
        if (text[at] == '\0' || (at > 0 && text[at - 1] == '\0')) return false;
        if (text[at] != pattern[pattern.size() - i]) return true;
    }
    return false;
}

} // namespace

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

Pattern Pattern::text(std::string_view text) {
    std::string crossing;
    for (std::size_t i = 0; i < text.size(); ++i) {
        crossing += text[i];
        if (text[i] != '*') continue;
        crossing += '*';
        while (i + 1 < text.size() && text[i + 1] == '*') ++i;
    }
    return Pattern(std::move(crossing));
}

Pattern Pattern::host(std::string_view text) {
    return Pattern::text(lower(text));
}

Pattern::Pattern(std::string text) : text_(std::move(text)) {
    prefix_ = std::min(text_.find_first_of(kSpecial), text_.size());
    literal_ = prefix_ == text_.size();
    open_ = std::string_view(text_).substr(prefix_) == "**";
    const auto last = text_.find_last_of("*?}]");
    if (!literal_ && last != std::string::npos && text_.find('{') == std::string::npos)
        suffix_ = text_.size() - last - 1;
}

Match Pattern::match(std::string_view text) const {
    const std::string_view whole(text_);
    switch (compare_start(whole.substr(0, prefix_), text)) {
    case Start::differs:
    case Start::shorter:
        return Match::no;
    case Start::unknown:
        return match_glob(text_, text);
    case Start::same:
        break;
    }
    if (open_) return Match::yes;
    if (literal_ && text.size() == prefix_) return Match::yes;
    if (literal_ && text[prefix_] != '\0') return Match::no;
    if (suffix_ > 0 && end_differs(whole.substr(whole.size() - suffix_), text)) return Match::no;
    return match_glob(text_, text);
}

} // namespace owhale::policy
