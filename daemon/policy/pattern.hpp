// A rule's pattern, looked at once so that most comparisons end after a few bytes. Says what match_glob says.
#pragma once

#include <optional>
#include <vector>

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

    Match match(std::string_view text) const { return match(text, text.find('\0')); }
    // With the place of the text's first NUL, for those who ask many patterns about one text.
    Match match(std::string_view text, std::size_t nul) const;
    bool is_literal() const { return literal_; }
    const std::string& source() const { return text_; }

private:
    Match contains(std::string_view text) const;
    std::optional<Match> with_unknown_rest(std::size_t at, std::string_view rest) const;
    explicit Pattern(std::string text);
    void look();
    Match one(std::string_view text, std::size_t nul) const;
    Match slowly(std::string_view text) const;

    std::string text_;
    std::size_t prefix_ = 0, suffix_ = 0; // bytes before the first, and behind the last, that are not themselves
    bool literal_ = false;
    bool open_ = false;       // a prefix, then **
    bool wide_ = false;       // all its stars are **
    bool ranges_ = false;     // it has some: [0-9]
    std::size_t slashes_ = 0; // in a pattern without ** and ranges: how many a text has that matches
    bool counted_ = false;
    bool tangled_ = false;              // alternatives that are match_glob's alone to take apart
    bool uneven_ = false;               // a range may end a component, or not
    std::vector<Pattern> alternatives_; // of {a,b}: instead of all of the above
    std::string inner_;                 // of **text**: the text
};

inline Match negated(Match match) {
    return match == Match::maybe ? match : match == Match::yes ? Match::no : Match::yes;
}

} // namespace owhale::policy
