#include "policy/index.hpp"

#include <algorithm>
#include <unordered_map>

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

Outline outline_of(const Rule& rule) {
    Outline to;
    to.rule = &rule;
    to.modes = mode_bits(rule.modes);
    to.facts = bits_of(rule.fact);
    to.no_facts = bits_of(rule.no_fact);
    for (std::size_t i = 0; i < kActs; ++i)
        if (!(rule.*kByAct[i]).empty()) to.acts |= 1U << i;
    if (!rule.touches.empty()) to.acts |= ~bit(Act::list);
    if (!rule.sends.empty()) to.acts |= bit(Act::read);
    const auto needs = [&](Part part, bool is) { to.needs |= is ? bit_of(part) : 0; };
    needs(Part::host, !rule.host.empty() || !rule.url.empty() || rule.connects.value_or(false) ||
                          rule.sends_data.value_or(false) || rule.listens.value_or(false) || rule.agreed.has_value());
    needs(Part::code, !rule.language.empty() || !rule.call.empty() || !rule.code.empty());
    needs(Part::env, !rule.env.empty());
    needs(Part::via, !rule.via.empty());
    needs(Part::word, !rule.word.empty());
    needs(Part::operand, !rule.operand.empty() || !rule.operands.empty());
    needs(Part::option, !rule.option.empty() || !rule.option_all.empty());
    needs(Part::variable, !rule.variable.empty());
    needs(Part::pipeline, !rule.from.empty() || !rule.into.empty());
    return to;
}

void append(std::vector<PathPattern>& to, const std::string& word) {
    for (auto& pattern : path_patterns(word)) to.push_back(std::move(pattern));
}

bool begins_open(std::string_view word) {
    return std::string_view("*?{[").find(word.front()) != std::string_view::npos;
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
    const auto nul = text.find('\0');
    const auto each = [&](const std::vector<Pattern>& patterns) {
        for (const auto& pattern : patterns) {
            if (best == Match::yes) return;
            best = std::max(best, pattern.match(text, nul));
        }
    };
    each(own_);
    for (const auto* set : sets_) each(*set);
    return best;
}

class Compiler {
public:
    explicit Compiler(const Index& index) : index_(index), sets_(index.all_sets_) {}

    Compiled compile(const Rule& rule) const {
        Compiled to;
        to.rule = &rule;
        add_texts(rule, to);
        add_paths(rule, to);
        return to;
    }

private:
    using Maker = Pattern (*)(std::string_view);

    WordList words(const std::vector<std::string>& from, Maker make) const {
        WordList out;
        for (const auto& word : from) {
            if (set_of(word).empty() || !sets_.contains(word))
                out.add(make(word));
            else
                out.add(&index_.word_set(word, make == &Pattern::host));
        }
        return out;
    }

    PathList paths(const std::vector<std::string>& from) const {
        PathList out;
        for (const auto& word : from) {
            const auto set = index_.set_numbers_.find(word);
            if (set != index_.set_numbers_.end())
                out.sets.push_back(set->second);
            else
                for (const auto& member : members_of(sets_, word)) append(out.own, member);
        }
        return out;
    }

    void add_texts(const Rule& rule, Compiled& to) const {
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

    void add_paths(const Rule& rule, Compiled& to) const {
        for (std::size_t i = 0; i < kActs; ++i) to.by_act[i] = paths(rule.*kByAct[i]);
        to.touches = paths(rule.touches);
        to.sends = paths(rule.sends);
        to.except = paths(rule.except);
        to.within = paths(rule.within);
        to.reads_within = paths(rule.reads_within);
    }

    const Index& index_;
    const Index::Sets& sets_;
};

// Which rules are about which program, for those who ask often.
struct Index::Programs {
    struct ByPattern {
        Pattern pattern;
        std::vector<std::uint32_t> rules;
    };
    std::unordered_map<std::string, std::vector<std::uint32_t>> exact;
    std::array<std::vector<ByPattern>, 256> patterns; // by the first byte; 0: those that begin with none

    void enter(const std::string& word, std::uint32_t rule) {
        auto pattern = Pattern::text(word);
        auto& list = pattern.is_literal() ? exact[word] : rules_of(std::move(pattern));
        if (list.empty() || list.back() != rule) list.push_back(rule);
    }

    void find(std::string_view program, std::vector<std::uint32_t>& to) const {
        const auto add = [&](const std::vector<std::uint32_t>& rules) {
            to.insert(to.end(), rules.begin(), rules.end());
        };
        if (const auto found = exact.find(std::string(program)); found != exact.end()) add(found->second);
        for (const auto first : {std::size_t{0}, static_cast<std::size_t>(static_cast<unsigned char>(program.front()))})
            for (const auto& [pattern, rules] : patterns[first])
                if (pattern.match(program) != Match::no) add(rules);
    }

private:
    std::vector<std::uint32_t>& rules_of(Pattern pattern) {
        const auto& word = pattern.source();
        auto& list = patterns[begins_open(word) ? 0 : static_cast<unsigned char>(word.front())];
        const auto known = std::ranges::find_if(list, [&](const auto& one) { return one.pattern.source() == word; });
        return known == list.end() ? list.emplace_back(std::move(pattern), std::vector<std::uint32_t>{}).rules
                                   : known->rules;
    }
};

Index::Index(const std::vector<Rule>& rules, const Sets& sets) : all_sets_(sets) {
    outlines_.reserve(rules.size());
    for (const auto& rule : rules) {
        if (rule.program.empty()) any_.push_back(static_cast<std::uint32_t>(outlines_.size()));
        outlines_.push_back(outline_of(rule));
    }
    for (const auto& [name, members] : sets)
        set_numbers_.emplace(name, static_cast<std::uint32_t>(set_numbers_.size()));
    compiled_ = std::make_unique<Lazy<Compiled>[]>(rules.size());
    path_sets_ = std::make_unique<Lazy<std::vector<PathPattern>>[]>(sets.size());
    text_sets_ = std::make_unique<Lazy<std::vector<Pattern>>[]>(sets.size());
    host_sets_ = std::make_unique<Lazy<std::vector<Pattern>>[]>(sets.size());
}

Index::~Index() = default;

const Compiled& Index::compiled(std::uint32_t rule) const {
    return compiled_[rule].get([&] { return Compiler(*this).compile(*outlines_[rule].rule); });
}

const std::vector<PathPattern>& Index::path_set(std::uint32_t set) const {
    return path_sets_[set].get([&] {
        std::vector<PathPattern> out;
        for (const auto& member : std::next(all_sets_.begin(), set)->second) append(out, member);
        return out;
    });
}

const std::vector<Pattern>& Index::word_set(const std::string& name, bool hosts) const {
    const auto& sets = hosts ? host_sets_ : text_sets_;
    return sets[set_numbers_.at(name)].get([&] {
        std::vector<Pattern> out;
        for (const auto& member : all_sets_.at(name))
            out.push_back(hosts ? Pattern::host(member) : Pattern::text(member));
        return out;
    });
}

bool Index::names(const std::vector<std::string>& words, std::string_view program) const {
    return std::ranges::any_of(words, [&](const std::string& word) {
        if (word == program) return true;
        if (word.front() == '@')
            if (const auto set = all_sets_.find(word); set != all_sets_.end()) return names(set->second, program);
        if (word.front() != program.front() && !begins_open(word)) return false;
        return word.find_first_of("*?{[") != std::string::npos && Pattern::text(word).match(program) != Match::no;
    });
}

bool Index::is_about(std::uint32_t rule, std::string_view program) const {
    const auto& words = outlines_[rule].rule->program;
    return words.empty() || (!program.empty() && names(words, program));
}

void Index::scan(std::string_view program, std::vector<std::uint32_t>& to) const {
    for (std::uint32_t rule = 0; rule < outlines_.size(); ++rule)
        if (!outlines_[rule].rule->program.empty() && is_about(rule, program)) to.push_back(rule);
}

std::vector<std::uint32_t> Index::about(std::string_view program) const {
    constexpr unsigned kScans = 32; // about as many cost what the tables do
    std::vector<std::uint32_t> out = any_;
    if (program.empty()) return out;
    if (scans_.load(std::memory_order_relaxed) < kScans) {
        scans_.fetch_add(1, std::memory_order_relaxed);
        scan(program, out);
    } else {
        programs().find(program, out);
    }
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

const Index::Programs& Index::programs() const {
    return programs_.get([&] {
        Programs out;
        for (std::uint32_t rule = 0; rule < outlines_.size(); ++rule)
            for (const auto& word : outlines_[rule].rule->program) {
                const auto set = all_sets_.find(word);
                if (set == all_sets_.end())
                    out.enter(word, rule);
                else
                    for (const auto& member : set->second) out.enter(member, rule);
            }
        return out;
    });
}

} // namespace owhale::policy
