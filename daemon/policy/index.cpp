#include "policy/index.hpp"

#include <algorithm>

#include "policy/fields.hpp"
#include "policy/normal/facts.hpp"
#include "policy/sets.hpp"

namespace owhale::policy {
namespace {

static_assert(kFacts.size() <= 64, "facts are kept as bits");

std::uint32_t bit(Act act) {
    return 1U << static_cast<unsigned>(act);
}

// In the order of Act.
constexpr std::array<std::vector<std::string> Rule::*, kActs> kByAct = {
    &Rule::reads, &Rule::lists, &Rule::writes, &Rule::removes, &Rule::changes, &Rule::executes, &Rule::mounts};

OptionPattern option_pattern(const std::string& word) {
    const auto equals = word.find('=');
    OptionPattern out{Pattern::text(word.substr(0, equals)), std::nullopt, word};
    if (equals != std::string::npos) out.value = Pattern::text(word.substr(equals + 1));
    return out;
}

std::vector<OptionPattern> option_patterns(const std::vector<std::string>& words) {
    std::vector<OptionPattern> out;
    for (const auto& word : words) out.push_back(option_pattern(word));
    return out;
}

std::uint32_t mode_bits(const std::vector<std::string>& modes) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < kModes.size(); ++i)
        if (modes.empty() || std::ranges::find(modes, kModes[i]) != modes.end()) bits |= 1U << i;
    return bits;
}

} // namespace

std::uint64_t bits_of(const std::vector<std::string>& facts) {
    std::uint64_t bits = 0;
    for (const auto& fact : facts)
        for (std::size_t i = 0; i < kFacts.size(); ++i)
            if (kFacts[i].name == fact) bits |= std::uint64_t{1} << i;
    return bits;
}

Match WordList::match(std::string_view text) const {
    auto best = Match::no;
    const auto each = [&](const std::vector<Pattern>& patterns) {
        for (const auto& pattern : patterns) {
            if (best == Match::yes) return;
            best = std::max(best, pattern.match(text));
        }
    };
    each(own_);
    for (const auto* set : sets_) each(*set);
    return best;
}

class Compiler {
public:
    Compiler(Index& index, const std::map<std::string, std::vector<std::string>>& sets) : index_(index), sets_(sets) {}

    void add(const Rule& rule) {
        auto& to = index_.rules_.emplace_back();
        to.rule = &rule;
        to.modes = mode_bits(rule.modes);
        to.facts = bits_of(rule.fact);
        to.no_facts = bits_of(rule.no_fact);
        add_texts(rule, to);
        add_paths(rule, to);
        add_program(rule);
        to.needs_host = !rule.host.empty() || !rule.url.empty() || rule.connects.value_or(false) ||
                        rule.sends_data.value_or(false) || rule.listens.value_or(false);
        to.needs_code = !rule.language.empty() || !rule.call.empty() || !rule.code.empty();
        to.needs_env = !rule.env.empty();
        to.needs_via = !rule.via.empty();
    }

private:
    using Maker = Pattern (*)(std::string_view);

    WordList words(const std::vector<std::string>& from, Maker make) {
        WordList out;
        for (const auto& word : from) {
            if (set_of(word).empty() || !sets_.contains(word))
                out.add(make(word));
            else
                out.add(word_set(word, make));
        }
        return out;
    }

    const std::vector<Pattern>* word_set(const std::string& name, Maker make) {
        auto& known = word_sets_[{name, make == &Pattern::host}];
        if (known != nullptr) return known;
        auto& made = index_.word_sets_.emplace_back();
        for (const auto& member : sets_.at(name)) made.push_back(make(member));
        return known = &made;
    }

    PathList paths(const std::vector<std::string>& from) {
        PathList out;
        for (const auto& word : from) {
            if (sets_.contains(word))
                out.sets.push_back(path_set(word));
            else
                for (const auto& member : members_of(sets_, word)) append(out.own, member);
        }
        return out;
    }

    std::uint32_t path_set(const std::string& name) {
        const auto [at, added] = path_sets_.emplace(name, static_cast<std::uint32_t>(index_.path_sets_.size()));
        if (!added) return at->second;
        auto& made = index_.path_sets_.emplace_back();
        for (const auto& member : sets_.at(name)) append(made, member);
        return at->second;
    }

    static void append(std::vector<PathPattern>& to, const std::string& word) {
        for (auto& pattern : path_patterns(word)) to.push_back(std::move(pattern));
    }

    void add_texts(const Rule& rule, Compiled& to) {
        to.no_program = words(rule.no_program, Pattern::text);
        to.sub = words(rule.sub, Pattern::text);
        to.operand = words(rule.operand, Pattern::text);
        to.word = words(rule.word, Pattern::text);
        to.no_word = words(rule.no_word, Pattern::text);
        to.variable = words(rule.variable, Pattern::text);
        to.host = words(rule.host, Pattern::host);
        to.except_host = words(rule.except_host, Pattern::host);
        to.url = words(rule.url, Pattern::text);
        to.env = words(rule.env, Pattern::text);
        to.no_env = words(rule.no_env, Pattern::text);
        to.from = words(rule.from, Pattern::text);
        to.into = words(rule.into, Pattern::text);
        to.via = words(rule.via, Pattern::text);
        to.no_via = words(rule.no_via, Pattern::text);
        to.language = words(rule.language, Pattern::text);
        to.call = words(rule.call, Pattern::text);
        to.no_code = words(rule.no_code, Pattern::text);
        to.code = words(rule.code, Pattern::text);
        for (const auto& word : rule.operands) to.operands.push_back(Pattern::text(word));
        for (const auto& word : rule.words) to.words.push_back(Pattern::text(word));
        to.more_words = !rule.words.empty() && rule.words.back() == "**";
        if (to.more_words) to.words.pop_back();
        to.option = option_patterns(rule.option);
        to.option_all = option_patterns(rule.option_all);
        to.no_option = option_patterns(rule.no_option);
        for (const auto& word : rule.overrides) to.overrides.push_back(Pattern::text(word));
    }

    void add_paths(const Rule& rule, Compiled& to) {
        for (std::size_t i = 0; i < kActs; ++i) {
            to.by_act[i] = paths(rule.*kByAct[i]);
            if (!to.by_act[i].empty()) to.acts |= 1U << i;
        }
        to.touches = paths(rule.touches);
        if (!to.touches.empty()) to.acts |= ~bit(Act::list);
        to.sends = paths(rule.sends);
        if (!to.sends.empty()) to.acts |= bit(Act::read);
        to.except = paths(rule.except);
        to.within = paths(rule.within);
        to.reads_within = paths(rule.reads_within);
    }

    void add_program(const Rule& rule) {
        const auto number = static_cast<std::uint32_t>(index_.programs_.size());
        auto programs = words(rule.program, Pattern::text);
        if (programs.empty()) index_.any_.push_back(number);
        const auto each = [&](const std::vector<Pattern>& list) {
            for (const auto& pattern : list) {
                if (pattern.is_literal())
                    enter(index_.by_program_[pattern.source()], number);
                else
                    enter(rules_of(pattern), number);
            }
        };
        each(programs.own());
        for (const auto* set : programs.sets()) each(*set);
        index_.programs_.push_back(std::move(programs));
    }

    std::vector<std::uint32_t>& rules_of(const Pattern& pattern) {
        const char first = pattern.source().front();
        const bool open = first == '*' || first == '?' || first == '{';
        auto& list = index_.by_pattern_[open ? 0 : static_cast<unsigned char>(first)];
        const auto known =
            std::ranges::find_if(list, [&](const auto& one) { return one.pattern.source() == pattern.source(); });
        return known == list.end() ? list.emplace_back(pattern, std::vector<std::uint32_t>{}).rules : known->rules;
    }

    static void enter(std::vector<std::uint32_t>& list, std::uint32_t number) {
        if (list.empty() || list.back() != number) list.push_back(number);
    }

    Index& index_;
    const std::map<std::string, std::vector<std::string>>& sets_;
    std::map<std::pair<std::string, bool>, const std::vector<Pattern>*> word_sets_;
    std::map<std::string, std::uint32_t> path_sets_;
};

Index::Index(const std::vector<Rule>& rules, const std::map<std::string, std::vector<std::string>>& sets) {
    Compiler compiler(*this, sets);
    for (const auto& rule : rules) compiler.add(rule);
}

std::vector<std::uint32_t> Index::about(std::string_view program) const {
    std::vector<std::uint32_t> out = any_;
    if (program.empty()) return out;
    const auto exact = by_program_.find(std::string(program));
    if (exact != by_program_.end()) out.insert(out.end(), exact->second.begin(), exact->second.end());
    for (const auto first : {std::size_t{0}, static_cast<std::size_t>(static_cast<unsigned char>(program.front()))})
        for (const auto& [pattern, rules] : by_pattern_[first])
            if (pattern.match(program) != Match::no) out.insert(out.end(), rules.begin(), rules.end());
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

} // namespace owhale::policy
