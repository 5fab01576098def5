// One command as the rules look at it: its paths placed, its facts as bits, and what sets of paths said of them remembered.
#pragma once

#include <set>
#include <span>
#include <unordered_map>

#include "policy/index.hpp"

namespace owhale::policy {

enum class Mode : std::uint8_t { local, strict };

// Which commands of a form stand in one pipeline.
class Pipelines {
public:
    explicit Pipelines(const NormalForm& form);
    // Numbers of the commands in this one's, itself among them; empty where it stands alone.
    std::span<const std::uint32_t> with(const SimpleCommand& command) const;

private:
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> members_; // of pipelines with more than one stage
};

class Seen {
public:
    // All of them must outlive it. In strict, a path with an unknown part is never taken to stay below the folder that it
    // begins with: the part may hold "..".
    Seen(const NormalForm& form, const Pipelines& pipelines, std::size_t number, const Index& index, const Bases& bases,
         const Facts& facts, Mode mode);

    const SimpleCommand& command() const { return command_; }
    const NormalForm& form() const { return form_; }
    const Pipelines& pipelines() const { return pipelines_; }
    std::uint64_t facts() const { return facts_; }
    std::uint32_t acts() const { return acts_; }
    std::uint32_t has() const { return has_; } // bits of Part
    const std::string& host(std::size_t i) const { return hosts_[i]; }
    bool option_unknown() const { return option_unknown_; }
    bool program_unknown() const { return program_unknown_; }
    // printenv NAME, of a variable that holds no secret: the name is no reason.
    bool prints_placeholder(const std::string& word) const {
        return command_.program == "printenv" && placeholders_.contains(word);
    }

    Match touched(const PathList& list, std::size_t access) const;
    // Whether a path of which a part is not known points to one of these all the same.
    bool points_to(const PathList& list, std::size_t access) const;
    Mode mode() const { return mode_; }
    // Of an access with a link in its path: as named and as it is, but only those that `about` touches, where it is given.
    Match covered(const PathList& list, std::size_t access) const { return covered(list, access, mode_, nullptr); }
    Match covered(const PathList& list, std::size_t access, Mode mode, const PathList* about) const;

private:
    using Answers = std::vector<std::uint8_t>; // 0: not asked yet; else 1 + Match
    enum class Question : std::uint8_t { touched, points_to, itself, below };

    void place(const Bases& bases, const Facts& facts, const Access& access);
    Match ask(Question question, const PathList& list, std::size_t place) const;
    static Match ask(Question question, const PathPattern& pattern, const Place& place);

    const NormalForm& form_;
    const Pipelines& pipelines_;
    const SimpleCommand& command_;
    const Index& index_;
    const std::set<std::string>& placeholders_;
    Mode mode_;
    std::uint64_t facts_ = 0;
    std::uint32_t acts_ = 0, has_ = 0;
    bool option_unknown_ = false, program_unknown_ = false;
    std::vector<std::string> hosts_;
    std::vector<Place> places_;
    std::vector<std::pair<std::size_t, std::size_t>>
        of_access_; // range of places_: as named, and as it is behind links
    mutable std::array<Answers, 4> answers_;
};

} // namespace owhale::policy
