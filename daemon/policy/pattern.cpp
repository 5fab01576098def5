#include "policy/pattern.hpp"

#include <algorithm>

#include "policy/alternatives.hpp"
#include "policy/normal/letters.hpp"
#include "policy/small_automaton.hpp"

namespace owhale::policy {
namespace {

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

bool in_range(std::string_view pattern, std::size_t from, std::size_t end, char byte) {
    for (auto at = from + 1; at < end; at += 3)
        if (byte >= pattern[at] && byte <= pattern[at + 2]) return true;
    return false;
}

// How many bytes of the pattern, at one that is no star, take this byte; 0: they do not.
std::size_t taken(std::string_view pattern, std::size_t at, char byte) {
    if (at >= pattern.size()) return 0;
    if (pattern[at] == '?') return byte != '/' ? 1 : 0;
    if (const auto end = pattern[at] == '[' ? range_end(pattern, at) : 0; end > 0)
        return in_range(pattern, at, end, byte) ? end + 1 - at : 0;
    return pattern[at] == byte ? 1 : 0;
}

// Of patterns without alternatives and texts that are known. What a star took is given back to the last one alone: an
// earlier * could only give a later start to what follows it, and ** takes anything.
bool glob(std::string_view pattern, std::string_view text) {
    constexpr auto kNone = std::string_view::npos;
    std::size_t p = 0, t = 0, star = kNone, star_text = 0, wide = kNone, wide_text = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            const bool crosses = p + 1 < pattern.size() && pattern[p + 1] == '*';
            while (p < pattern.size() && pattern[p] == '*') ++p;
            if (crosses) {
                wide = p, wide_text = t, star = kNone;
            } else {
                star = p, star_text = t;
            }
        } else if (const auto count = taken(pattern, p, text[t]); count > 0) {
            p += count, ++t;
        } else if (star != kNone && text[star_text] != '/') {
            p = star, t = ++star_text;
        } else if (wide != kNone) {
            p = wide, t = ++wide_text, star = kNone;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

// A * that is tried at each place of a longer text would take its square; and of a longer one with unknown parts it is
// enough to know that it has them.
constexpr std::size_t kLongest = 4'096;

} // namespace

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
    return Pattern::text(normal::lowered(text));
}

Pattern::Pattern(std::string text) : text_(std::move(text)) {
    for (auto at = text_.find('{'); at != std::string::npos; at = text_.find('{', at + 1)) {
        if (!has_alternatives(text_, at)) continue;
        auto alternatives = alternatives_of(text_);
        tangled_ = !alternatives;
        if (tangled_) return;
        for (auto& one : *alternatives) {
            Pattern pattern("");
            pattern.text_ = std::move(one);
            pattern.look();
            alternatives_.push_back(std::move(pattern));
        }
        return;
    }
    look();
}

// What is special in it, a { no more.
void Pattern::look() {
    prefix_ = text_.size();
    suffix_ = 0;
    std::size_t last = 0;
    wide_ = true;
    for (std::size_t at = 0; at < text_.size(); ++at) {
        const auto range = text_[at] == '[' ? range_end(text_, at) : 0;
        if (text_[at] != '*' && text_[at] != '?' && range == 0) continue;
        prefix_ = std::min(prefix_, at);
        if (text_[at] == '*') {
            const bool two = text_.compare(at, 2, "**") == 0;
            wide_ = wide_ && two;
            while (at + 1 < text_.size() && text_[at + 1] == '*') ++at;
        }
        ranges_ = ranges_ || range > 0;
        uneven_ = uneven_ || (range > 0 && in_range(text_, at, range, '/'));
        at = std::max(at, range);
        last = at + 1;
    }
    literal_ = prefix_ == text_.size();
    if (!literal_) suffix_ = text_.size() - last;
    open_ = std::string_view(text_).substr(prefix_) == "**";
    counted_ = !ranges_ && text_.find("**") == std::string::npos;
    slashes_ = static_cast<std::size_t>(std::ranges::count(text_, '/'));
    const bool wrapped = text_.size() > 4 && prefix_ == 0 && text_.starts_with("**") && text_.ends_with("**");
    const auto inner = wrapped ? std::string_view(text_).substr(2, text_.size() - 4) : std::string_view();
    if (!ranges_ && inner.find_first_of("*?") == std::string_view::npos) inner_ = inner;
}

// What stands in a hole may be the text that is looked for.
Match Pattern::contains(std::string_view text) const {
    if (text.find(inner_) != std::string_view::npos) return Match::yes;
    return text.find(kHole) != std::string_view::npos ? Match::maybe : Match::no;
}

// The rest of a text is one thing that is not known: it can be whatever the rest of the pattern wants.
std::optional<Match> Pattern::with_unknown_rest(std::size_t at, std::string_view rest) const {
    if (ranges_ || (rest != kHole && rest != kAnyName)) return std::nullopt;
    const auto wanted = std::string_view(text_).substr(at);
    const bool any = rest == kHole;
    const bool starts = at == 0 || text_[at - 1] == '/';
    if (!any && starts && wanted.starts_with('.')) return Match::no; // a pattern of the shell finds no hidden name
    if (!any && wanted.find('/') != std::string_view::npos)
        return wanted.find('*') == std::string_view::npos ? std::optional(Match::no) : std::nullopt;
    const bool stars = wanted.find_first_not_of('*') == std::string_view::npos && wanted.size() >= (any ? 2 : 1);
    return stars ? Match::yes : Match::maybe;
}

Match Pattern::match(std::string_view text, std::size_t nul) const {
    if (tangled_) return match_glob(text_, text);
    if (alternatives_.empty()) return one(text, nul);
    auto best = Match::no;
    for (const auto& alternative : alternatives_) {
        if (best == Match::yes) break;
        best = std::max(best, alternative.one(text, nul));
    }
    return best;
}

// Alternatives are gone, so that { is itself, as it is in match_small alone.
Match Pattern::slowly(std::string_view text) const {
    if (text.size() > kLongest && text.find('\0') != std::string_view::npos) return Match::maybe;
    const auto match = match_small(text_, text);
    return match ? *match : match_glob(text_, text);
}

Match Pattern::one(std::string_view text, std::size_t nul) const {
    if (uneven_) return slowly(text);
    const std::string_view whole(text_);
    const auto start = compare_start(whole.substr(0, prefix_), text);
    if (start == Start::differs || start == Start::shorter) return Match::no;
    if (nul <= prefix_)
        if (const auto match = with_unknown_rest(nul, text.substr(nul))) return *match;
    if (start == Start::unknown) return slowly(text);
    if (open_) return Match::yes;
    if (literal_ && text.size() == prefix_) return Match::yes;
    if (literal_ && text[prefix_] != '\0') return Match::no;
    const bool known = nul == std::string_view::npos;
    if (!inner_.empty() && (known || text.find(kHole, nul) != std::string_view::npos)) return contains(text);
    if (suffix_ > 0 && end_differs(whole.substr(whole.size() - suffix_), text)) return Match::no;
    if (counted_ && (known || text.find(kHole, nul) == std::string_view::npos) &&
        static_cast<std::size_t>(std::ranges::count(text, '/')) != slashes_)
        return Match::no;
    if (known && (wide_ || text.size() <= kLongest)) return glob(text_, text) ? Match::yes : Match::no;
    return slowly(text);
}

} // namespace owhale::policy
