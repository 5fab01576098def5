#include "policy/small_automaton.hpp"

#include <array>
#include <bit>

#include "policy/alternatives.hpp"

namespace owhale::policy {
namespace {

constexpr std::size_t kMost = 63;

enum class Kind : std::uint8_t { byte, any, range, star, globstar };

struct Part {
    Kind kind = Kind::byte;
    char byte = 0;
    std::uint16_t from = 0, end = 0; // of a range: its "[" and its "]"
};

using States = std::uint64_t; // bit i: the first i parts have matched

class Small {
public:
    explicit Small(std::string_view pattern) : pattern_(pattern) {
        for (std::size_t at = 0; at < pattern.size(); ++count_) {
            if (count_ == kMost || at > 0xffff) {
                fits_ = false;
                return;
            }
            at = part(at);
        }
    }

    bool fits() const { return fits_; }

    bool matches(std::string_view text, bool possibly) const {
        auto now = closed(1);
        for (std::size_t at = 0; at < text.size() && now != 0; ++at) {
            if (text[at] != '\0') {
                now = closed(step(now, text[at]));
                continue;
            }
            const bool starts = at == 0 || text[at - 1] == '/';
            ++at;
            const char kind = at < text.size() ? text[at] : '!';
            now = possibly ? perhaps(now, kind, starts) : surely(now, kind);
        }
        return (now >> count_ & 1) != 0;
    }

private:
    std::size_t part(std::size_t at) {
        auto& to = parts_[count_];
        to.byte = pattern_[at];
        if (to.byte == '?') to.kind = Kind::any;
        if (const auto end = to.byte == '[' ? range_end(pattern_, at) : 0; end > 0 && end <= 0xffff) {
            to = {Kind::range, '[', static_cast<std::uint16_t>(at), static_cast<std::uint16_t>(end)};
            return end + 1;
        }
        if (to.byte != '*') return at + 1;
        to.kind = pattern_.substr(at).starts_with("**") ? Kind::globstar : Kind::star;
        stars_ |= States{1} << count_;
        while (at < pattern_.size() && pattern_[at] == '*') ++at;
        return at;
    }

    // A star may take nothing. From the first on, as one may follow another.
    States closed(States now) const {
        for (auto stars = stars_; stars != 0; stars &= stars - 1) now |= (now & stars & -stars) << 1;
        return now;
    }

    States step(States now, char byte) const {
        States next = 0;
        for (auto left = now & all(); left != 0; left &= left - 1) {
            const auto& part = parts_[static_cast<std::size_t>(std::countr_zero(left))];
            if (takes(part, byte)) next |= after(part, left & -left);
        }
        return next;
    }

    static bool loops(const Part& part) { return part.kind == Kind::star || part.kind == Kind::globstar; }
    static States after(const Part& part, States state) { return loops(part) ? state : state << 1; }
    States all() const { return (States{1} << count_) - 1; } // but the last, behind which nothing is taken

    // What every text leads to that may stand there: stars alone take them all.
    States surely(States now, char kind) const {
        States next = 0;
        for (auto left = now & all(); left != 0; left &= left - 1) {
            const auto& part = parts_[static_cast<std::size_t>(std::countr_zero(left))];
            const bool takes_all = part.kind == Kind::globstar || (kind != '!' && part.kind == Kind::star) ||
                                   (kind == '?' && part.kind == Kind::any);
            if (takes_all) next |= after(part, left & -left);
        }
        return closed(next);
    }

    // What some byte leads to.
    States one(States now, bool slash, bool undotted) const {
        States next = 0;
        for (auto left = now & all(); left != 0; left &= left - 1) {
            const auto& part = parts_[static_cast<std::size_t>(std::countr_zero(left))];
            const bool bars = part.kind == Kind::byte && !slash && (part.byte == '/' || (undotted && part.byte == '.'));
            if (!bars) next |= after(part, left & -left);
        }
        return closed(next);
    }

    // What some text leads to that may stand there. A pattern of the shell at the start of a name finds no hidden one.
    States perhaps(States now, char kind, bool starts) const {
        const bool slash = kind == '!';
        auto reached = one(now, slash, starts);
        if (kind == '?') return reached;
        for (States before = 0; reached != before;) {
            before = reached;
            reached |= one(reached, slash, false);
        }
        return now | reached;
    }

    bool takes(const Part& part, char byte) const {
        switch (part.kind) {
        case Kind::byte:
            return part.byte == byte;
        case Kind::any:
        case Kind::star:
            return byte != '/';
        case Kind::globstar:
            return true;
        case Kind::range:
            for (std::size_t at = part.from + 1U; at < part.end; at += 3)
                if (byte >= pattern_[at] && byte <= pattern_[at + 2]) return true;
            return false;
        }
        return false;
    }

    std::string_view pattern_;
    std::array<Part, kMost> parts_{};
    std::size_t count_ = 0;
    States stars_ = 0;
    bool fits_ = true;
};

} // namespace

std::optional<Match> match_small(std::string_view pattern, std::string_view text) {
    const Small small(pattern);
    if (!small.fits()) return std::nullopt;
    if (small.matches(text, false)) return Match::yes;
    if (text.find('\0') == std::string_view::npos) return Match::no;
    return small.matches(text, true) ? Match::maybe : Match::no;
}

} // namespace owhale::policy
