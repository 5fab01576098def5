// The rules prepared for matching: patterns compiled, sets shared, and for each program the rules that can be about it.
#pragma once

#include <deque>
#include <unordered_map>

#include "policy/places.hpp"
#include "policy/ruleset.hpp"

namespace owhale::policy {

class WordList { // patterns, and sets of them
public:
    bool empty() const { return own_.empty() && sets_.empty(); }
    Match match(std::string_view text) const;
    void add(Pattern pattern) { own_.push_back(std::move(pattern)); }
    void add(const std::vector<Pattern>* set) { sets_.push_back(set); }
    const std::vector<Pattern>& own() const { return own_; }
    const std::vector<const std::vector<Pattern>*>& sets() const { return sets_; }

private:
    std::vector<Pattern> own_;
    std::vector<const std::vector<Pattern>*> sets_;
};

struct PathList { // patterns, and numbers of sets of them, whose answers are remembered for a request
    std::vector<PathPattern> own;
    std::vector<std::uint32_t> sets;
    bool empty() const { return own.empty() && sets.empty(); }
};

struct OptionPattern {
    Pattern name;
    std::optional<Pattern> value; // none: whatever its value
    std::string as_written;
};

constexpr std::size_t kActs = 7; // of Act, in its order: the first seven path lists below

struct Compiled {
    const Rule* rule = nullptr;
    std::uint32_t modes = 0; // bits of Mode
    std::uint64_t facts = 0, no_facts = 0;
    std::uint32_t acts = 0; // bits of Act: it is about paths that are touched in one of these ways
    bool needs_host = false, needs_code = false, needs_env = false, needs_via = false;
    WordList no_program, sub, operand, word, no_word, variable, host, url, except_host, env, no_env, from, into, via,
        no_via;
    WordList language, call, code, no_code;
    std::vector<Pattern> operands, words;
    bool more_words = false; // after `words`, any
    std::vector<OptionPattern> option, option_all, no_option;
    std::array<PathList, kActs> by_act; // reads, lists, writes, removes, changes, executes, mounts
    PathList touches, sends, except, within, reads_within;
    std::vector<Pattern> overrides;
};

class Index {
public:
    // The rules must stay where they are.
    Index(const std::vector<Rule>& rules, const std::map<std::string, std::vector<std::string>>& sets);

    const std::deque<Compiled>& rules() const { return rules_; }
    const std::vector<std::vector<PathPattern>>& path_sets() const { return path_sets_; }
    // Numbers of the rules that can be about this program, ascending; "": those that name none.
    std::vector<std::uint32_t> about(std::string_view program) const;
    // Whether the rule's `program` holds for this one.
    Match program(std::uint32_t rule, std::string_view name) const { return programs_[rule].match(name); }
    bool names_program(std::uint32_t rule) const { return !programs_[rule].empty(); }

private:
    friend class Compiler;
    std::deque<Compiled> rules_;
    std::vector<WordList> programs_;
    std::vector<std::vector<PathPattern>> path_sets_;
    std::deque<std::vector<Pattern>> word_sets_;
    std::unordered_map<std::string, std::vector<std::uint32_t>> by_program_;
    struct ByPattern {
        Pattern pattern;
        std::vector<std::uint32_t> rules;
    };
    std::array<std::vector<ByPattern>, 256> by_pattern_; // by the first byte; 0: those that begin with none
    std::vector<std::uint32_t> any_;
};

std::uint64_t bits_of(const std::vector<std::string>& facts);

} // namespace owhale::policy
