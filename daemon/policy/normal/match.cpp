// Patterns of rules against values that are partly unknown, by simulating a small automaton.
//
// Two questions are asked of it. "Certainly": do all texts that the value stands for match, where a hole is taken to be matched by a
// pattern's star alone. "Possibly": does one of them match, where a hole reaches every state that some text would reach.
#include <cstdint>
#include <vector>

#include "policy/normal/value.hpp"

namespace owhale::policy {
namespace {

enum class Step : std::uint8_t { byte, any, range, star, globstar, split, jump, end };

struct State {
    Step step = Step::byte;
    char byte = 0;
    std::uint32_t to = 0, other = 0; // split: both; jump: to; range: where it stands in the pattern
};

class Automaton {
public:
    explicit Automaton(std::string_view pattern) : pattern_(pattern) {
        states_.reserve(pattern.size() + 8);
        while (at_ < pattern_.size()) piece(0);
        states_.push_back({Step::end});
        marks_.resize(states_.size());
    }

    bool matches(std::string_view text, bool possibly) {
        Set now = closed({0});
        for (std::size_t at = 0; at < text.size() && !now.empty(); ++at) {
            if (text[at] != '\0') {
                now = closed(advance(now, text[at]));
                continue;
            }
            const bool starts = at == 0 || text[at - 1] == '/';
            ++at;
            now = unknown(now, at < text.size() ? text[at] : '!', possibly, starts);
        }
        for (const auto state : now)
            if (states_[state].step == Step::end) return true;
        return false;
    }

private:
    using Set = std::vector<std::uint32_t>;

    std::uint32_t here() const { return static_cast<std::uint32_t>(states_.size()); }

    void piece(int depth) {
        const char byte = pattern_[at_];
        if (byte == '{' && depth < 8 && has_end(at_)) return alternatives(depth);
        if (byte == '[')
            if (const auto end = range_end(at_); end != 0) {
                states_.push_back(
                    {Step::range, 0, static_cast<std::uint32_t>(at_ + 1), static_cast<std::uint32_t>(end)});
                at_ = end + 1;
                return;
            }
        ++at_;
        if (byte == '?')
            states_.push_back({Step::any});
        else if (byte != '*')
            states_.push_back({Step::byte, byte});
        else
            star();
    }

    // [0-9a-f]: ranges alone, so that [::1] is itself. The place of the "]"; 0: it is none.
    std::size_t range_end(std::size_t from) const {
        std::size_t at = from + 1;
        while (at + 2 < pattern_.size() && pattern_[at + 1] == '-' && pattern_[at + 2] != ']') at += 3;
        return at > from + 1 && at < pattern_.size() && pattern_[at] == ']' ? at : 0;
    }

    bool in_range(const State& s, char byte) const {
        for (std::size_t at = s.to; at < s.other; at += 3)
            if (byte >= pattern_[at] && byte <= pattern_[at + 2]) return true;
        return false;
    }

    void star() {
        const bool two = at_ < pattern_.size() && pattern_[at_] == '*';
        while (at_ < pattern_.size() && pattern_[at_] == '*') ++at_;
        states_.push_back({two ? Step::globstar : Step::star});
    }

    bool has_end(std::size_t from) const {
        int open = 0;
        for (; from < pattern_.size(); ++from) {
            if (pattern_[from] == '{') ++open;
            if (pattern_[from] == '}' && --open == 0) return true;
        }
        return false;
    }

    void alternatives(int depth) {
        std::vector<std::uint32_t> ends;
        ++at_;
        while (true) {
            const auto split = here();
            states_.push_back({Step::split, 0, split + 1, split + 1});
            while (pattern_[at_] != ',' && pattern_[at_] != '}') piece(depth + 1);
            ends.push_back(here());
            states_.push_back({Step::jump});
            if (pattern_[at_++] == '}') {
                states_[split].other = split + 1;
                break;
            }
            states_[split].other = here();
        }
        for (const auto end : ends) states_[end].to = here();
    }

    Set closed(Set set) {
        ++round_;
        Set out;
        while (!set.empty()) {
            const auto state = set.back();
            set.pop_back();
            if (marks_[state] == round_) continue;
            marks_[state] = round_;
            const State& s = states_[state];
            switch (s.step) {
            case Step::split:
                set.push_back(s.other);
                [[fallthrough]];
            case Step::jump:
                set.push_back(s.to);
                break;
            case Step::star:
            case Step::globstar:
                set.push_back(state + 1);
                [[fallthrough]];
            default:
                out.push_back(state);
            }
        }
        return out;
    }

    bool takes(const State& s, char byte) const {
        switch (s.step) {
        case Step::byte:
            return s.byte == byte;
        case Step::range:
            return in_range(s, byte);
        case Step::any:
        case Step::star:
            return byte != '/';
        case Step::globstar:
            return true;
        default:
            return false;
        }
    }

    Set advance(const Set& now, char byte) const {
        Set next;
        for (const auto state : now)
            if (takes(states_[state], byte)) next.push_back(loops(states_[state]) ? state : state + 1);
        return next;
    }

    static bool loops(const State& s) { return s.step == Step::star || s.step == Step::globstar; }

    // A pattern of the shell at the start of a name finds none that begins with a dot.
    Set unknown(const Set& now, char kind, bool possibly, bool starts) {
        if (!possibly) {
            Set next;
            for (const auto state : now) {
                const State& s = states_[state];
                if (s.step == Step::globstar || (kind != '!' && s.step == Step::star)) next.push_back(state);
                if (kind == '?' && s.step == Step::any) next.push_back(state + 1);
            }
            return closed(std::move(next));
        }
        if (kind == '?') return closed(one_unknown(now, false, starts));
        return reach(now, kind == '!', starts);
    }

    Set one_unknown(const Set& now, bool slash, bool undotted) const {
        Set next;
        for (const auto state : now) {
            const State& s = states_[state];
            if (s.step == Step::end || (s.step == Step::byte && s.byte == '/' && !slash)) continue;
            if (undotted && !slash && s.step == Step::byte && s.byte == '.') continue;
            next.push_back(loops(s) ? state : state + 1);
        }
        return next;
    }

    // Every state that some text leads to from these: linear, as each state is entered once.
    Set reach(const Set& now, bool slash, bool undotted) {
        std::vector<bool> seen(states_.size());
        // The first step by itself: a state that may not take its first byte may well take a later one.
        Set all = now, front = closed(one_unknown(now, slash, undotted));
        while (!front.empty()) {
            Set fresh;
            for (const auto state : front)
                if (!seen[state]) {
                    seen[state] = true;
                    fresh.push_back(state);
                    all.push_back(state);
                }
            front = fresh.empty() ? fresh : closed(one_unknown(fresh, slash, false));
        }
        return all;
    }

    std::string_view pattern_;
    std::size_t at_ = 0;
    std::vector<State> states_;
    std::vector<std::uint32_t> marks_;
    std::uint32_t round_ = 0;
};

// Most patterns differ from most values in the first bytes.
bool differs_early(std::string_view pattern, std::string_view text) {
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        const char want = pattern[at];
        if (want == '*' || want == '?' || want == '{' || want == '[') return false;
        if (at >= text.size()) return true;
        if (text[at] == '\0') return false;
        if (text[at] != want) return true;
    }
    return text.size() > pattern.size() && text[pattern.size()] != '\0';
}

} // namespace

Match match_glob(std::string_view pattern, std::string_view text) {
    if (differs_early(pattern, text)) return Match::no;
    const bool known = text.find('\0') == std::string_view::npos;
    if (known && pattern.find_first_of("*?{[") == std::string_view::npos)
        return pattern == text ? Match::yes : Match::no;
    Automaton automaton(pattern);
    if (automaton.matches(text, false)) return Match::yes;
    if (known) return Match::no;
    return automaton.matches(text, true) ? Match::maybe : Match::no;
}

} // namespace owhale::policy
