// A rule's pattern, looked at once so that most comparisons end after a few bytes. Says what match_glob says.
#pragma once

#include <optional>

#include "policy/normal/value.hpp"

namespace owhale::policy {

class Pattern {
public:
    // Of a path: * stays within a component.
    static Pattern path(std::string text) { return Pattern(std::move(text)); }
    // Of anything else: * is any string.
    static Pattern text(std::string_view text);
    // As above, letters in either case.
    static Pattern host(std::string_view text);

    Match match(std::string_view text) const;
    bool is_literal() const { return literal_; }
    const std::string& source() const { return text_; }

private:
    Match contains(std::string_view text) const;
    std::optional<Match> with_unknown_rest(std::size_t at, std::string_view rest) const;
    explicit Pattern(std::string text);

    std::string text_;
    std::size_t prefix_ = 0, suffix_ = 0; // bytes before the first, and behind the last, that are not themselves
    bool literal_ = false;
    bool open_ = false;       // a prefix, then **
    bool plain_ = false;      // no alternatives
    std::size_t slashes_ = 0; // in a pattern without ** and alternatives: how many a text has that matches
    bool counted_ = false;
    std::string inner_; // of **text**: the text
};

std::string lower(std::string_view text);

inline Match negated(Match match) {
    return match == Match::maybe ? match : match == Match::yes ? Match::no : Match::yes;
}

} // namespace owhale::policy
