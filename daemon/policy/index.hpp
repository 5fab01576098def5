// The rules prepared for matching: patterns compiled, sets shared, and for each program the rules that can be about it.
#pragma once

#include <atomic>
#include <mutex>

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

// Parts of a command that a condition may be about.
enum class Part : std::uint8_t { host, code, env, via, word, operand, option, variable, pipeline };

constexpr std::uint32_t bit_of(Part part) {
    return 1U << static_cast<unsigned>(part);
}

// What tells without its patterns that a rule is not about a command.
struct Outline {
    const Rule* rule = nullptr;
    std::uint32_t modes = 0; // bits of Mode
    std::uint64_t facts = 0, no_facts = 0;
    std::uint32_t acts = 0;  // bits of Act: it is about paths that are touched in one of these ways
    std::uint32_t needs = 0; // bits of Part: without one of these no condition of the rule can hold
};

struct Compiled {
    const Rule* rule = nullptr;
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

// Made when it is first asked for, by whichever thread that is.
template <typename T> class Lazy {
public:
    template <typename Make> const T& get(const Make& make) const {
        std::call_once(once_, [&] { value_ = std::make_unique<const T>(make()); });
        return *value_;
    }

private:
    mutable std::once_flag once_;
    mutable std::unique_ptr<const T> value_;
};

// A client asks once and ends: it must not pay for all the patterns of all rules. A daemon has them after its first requests.
class Index {
public:
    using Sets = std::map<std::string, std::vector<std::string>>;

    // Both must stay where they are.
    Index(const std::vector<Rule>& rules, const Sets& sets);
    ~Index();

    const std::vector<Outline>& rules() const { return outlines_; }
    const Compiled& compiled(std::uint32_t rule) const;
    std::size_t sets() const { return set_numbers_.size(); }
    const std::vector<PathPattern>& path_set(std::uint32_t set) const;
    // Numbers of the rules that can be about this program, ascending; "": those that name none.
    std::vector<std::uint32_t> about(std::string_view program) const;
    // Whether the rule's `program` holds for this one.
    bool is_about(std::uint32_t rule, std::string_view program) const;

private:
    friend class Compiler;
    struct Programs;

    const Programs& programs() const;
    const std::vector<Pattern>& word_set(const std::string& name, bool hosts) const;
    bool names(const std::vector<std::string>& words, std::string_view program) const;
    void scan(std::string_view program, std::vector<std::uint32_t>& to) const;

    const Sets& all_sets_;
    std::vector<Outline> outlines_;
    std::vector<std::uint32_t> any_;
    std::map<std::string_view, std::uint32_t> set_numbers_;
    std::unique_ptr<Lazy<Compiled>[]> compiled_;
    std::unique_ptr<Lazy<std::vector<PathPattern>>[]> path_sets_;
    std::unique_ptr<Lazy<std::vector<Pattern>>[]> text_sets_, host_sets_;
    mutable std::atomic<unsigned> scans_ = 0;
    Lazy<Programs> programs_;
};

std::uint64_t bits_of(const std::vector<std::string>& facts);

} // namespace owhale::policy
