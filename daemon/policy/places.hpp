// Patterns of paths, and where a path lies: a pattern may be about a home, the workspace or anywhere, and what these are
// only the request tells.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "policy/normal/command.hpp"
#include "policy/pattern.hpp"
#include "policy/request.hpp"

namespace owhale::policy {

enum class Anchor : std::uint8_t { absolute, own_home, home, workspace };
inline constexpr std::size_t kAnchors = 4;

struct PathPattern {
    Anchor anchor = Anchor::absolute;
    bool anywhere = false; // begins with **: about files that are named, not about what may lie below a folder
    Pattern rest;
    Pattern
        fixed; // what stands before the first /**: an act on all below a folder of it is about what the pattern means
};

// A word of a rule, without sets of files: "/etc/**", "~/.ssh/id_*", "@home/.aws", "@tmp", "./.git/hooks/**", "**/.env".
// The places alone mean the folder and all below it, as does what ends in /**: one word may be several patterns.
std::vector<PathPattern> path_patterns(std::string_view word);

// The folders that the anchors mean.
class Bases {
public:
    explicit Bases(const Facts& facts);
    const std::vector<std::string>& of(Anchor anchor) const { return bases_[static_cast<std::size_t>(anchor)]; }

private:
    std::array<std::vector<std::string>, kAnchors> bases_;
};

// One path, as seen from each of the anchors.
class Place {
public:
    Place(const Bases& bases, std::string_view path, bool recursive);

    // Whether the pattern is about this path, or, for an act on all below it, about something there.
    Match touched(const PathPattern& pattern) const;
    // Whether the pattern is about this very path.
    Match itself(const PathPattern& pattern) const;
    // Of a recursive one: whether it is about everything below this path.
    Match below(const PathPattern& pattern) const;
    // Of a path that is not wholly known: whether it still points to what the pattern means. A variable is taken to be
    // one name, a pattern of the shell to hit what it may hit, where it tells of a name at all (id_*, sh?dow).
    bool points_to(const PathPattern& pattern) const;
    // Whether it is the workspace itself.
    bool whole_workspace() const;
    // Whether a part that may hold ".." is not known.
    bool climbs() const { return climbs_; }

private:
    struct View {
        std::string rest, inside; // behind the anchor; and with an unknown path below it
        Match sure = Match::yes;
        bool above = false;                       // the path is a folder above the anchor
        std::size_t rest_nul = 0, inside_nul = 0; // first NULs of the two
    };
    static void note_nuls(View& view);
    std::string inside_of(std::string_view path) const;
    bool may_hit(const PathPattern& pattern, std::string_view rest) const;
    void add(Anchor anchor, std::string_view base, std::string_view path);

    std::array<std::vector<View>, kAnchors> views_;
    bool recursive_ = false, known_ = true, climbs_ = false;
};

} // namespace owhale::policy
