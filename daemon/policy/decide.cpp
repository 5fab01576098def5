#include "policy/decide.hpp"

#include <algorithm>
#include <tuple>

#include "policy/ceiling.hpp"
#include "policy/change.hpp"
#include "policy/fields.hpp"
#include "policy/matching.hpp"

namespace owhale::policy {
namespace {

Rule built_in(std::string_view id, Severity severity, std::string_view reason) {
    Rule rule;
    rule.id = id;
    rule.severity = severity;
    rule.reason = reason;
    rule.origin = Origin::shipped;
    rule.file = "built in";
    return rule;
}

const Rule& net_host() {
    static const Rule rule = built_in("net.host", Severity::medium, "It asks for the whole network of this machine.");
    return rule;
}

const Rule& program_unknown() {
    static const Rule rule =
        built_in("program.unknown", Severity::medium, "Which program it runs is known only when it runs.");
    return rule;
}

const Rule& no_rule() {
    static const Rule rule = built_in("default", Severity::low, "No rule knows this command.");
    return rule;
}

// An assignment alone, or an empty redirection target: there is nothing that a rule could be about.
bool runs_nothing(const SimpleCommand& command) {
    return command.argv.empty() && command.accesses.empty() && command.hosts.empty() && command.code.empty();
}

// One command's findings.
class Judging {
public:
    Judging(const Index& index, const Seen& seen, std::size_t number, Mode mode, std::string_view net)
        : index_(index), seen_(seen), number_(number), mode_(mode), net_(net) {}

    std::vector<Finding> findings() {
        find();
        override_some();
        add_built_in();
        return std::move(found_);
    }

private:
    void find() {
        const auto program = seen_.program_unknown() ? std::string_view() : std::string_view(seen_.command().program);
        for (const auto number : index_.about(program)) {
            const auto& outline = index_.rules()[number];
            if ((outline.modes & (1U << static_cast<unsigned>(mode_))) == 0) continue;
            auto hit = matches(index_, number, seen_);
            const auto decision = decision_of(*outline.rule, hit.match);
            if (!decision) continue;
            if (hit.match == Match::yes && !outline.rule->overrides.empty()) overriding_.push_back(number);
            add(*outline.rule, *decision, hit.span, std::move(hit.unknown));
        }
    }

    void add(const Rule& rule, Decision decision, Span span, std::string unknown = {}) {
        found_.push_back({&rule, number_, decision, span, std::move(unknown)});
    }

    bool overrides(std::uint32_t by, const Rule& rule) const {
        const auto names = [&](const Pattern& pattern) { return pattern.match(rule.id) == Match::yes; };
        return index_.rules()[by].rule != &rule && std::ranges::any_of(index_.compiled(by).overrides, names);
    }

    // Only a rule that surely holds, and stands itself, overrides others; never itself.
    bool is_overridden(const Rule& rule) const {
        return std::ranges::any_of(standing_, [&](std::uint32_t by) { return overrides(by, rule); });
    }

    // Those first that nobody left overrides; of a circle the strictest, so that no two rules make each other vanish.
    std::uint32_t next_to_stand(const std::vector<std::uint32_t>& left) const {
        const auto strict = [&](std::uint32_t number) {
            const auto& rule = *index_.rules()[number].rule;
            const bool open = std::ranges::none_of(left, [&](std::uint32_t by) { return overrides(by, rule); });
            return std::tuple(open, rule.decision, rule.severity);
        };
        return *std::ranges::max_element(left, {}, strict);
    }

    void override_some() {
        auto left = std::move(overriding_);
        while (!left.empty()) {
            const auto next = next_to_stand(left);
            standing_.push_back(next);
            std::erase_if(left, [&](std::uint32_t number) {
                return number == next || overrides(next, *index_.rules()[number].rule);
            });
        }
        if (!standing_.empty())
            std::erase_if(found_, [&](const Finding& finding) { return is_overridden(*finding.rule); });
    }

    void add_built_in() {
        const auto& command = seen_.command();
        if (seen_.program_unknown() && !is_overridden(program_unknown()))
            add(program_unknown(), Decision::ask, command.argv.empty() ? command.span : command.argv.front().span);
        if (runs_nothing(command)) return;
        if (net_ == "host" && !may_have_host() && !is_overridden(net_host()))
            add(net_host(), Decision::ask, command.span);
        if (mode_ == Mode::strict && found_.empty()) add(no_rule(), Decision::ask, command.span);
    }

    bool may_have_host() const {
        return std::ranges::any_of(found_, [](const Finding& finding) {
            return finding.decision == Decision::allow && finding.rule->origin == Origin::system &&
                   finding.rule->ceiling.net == "host";
        });
    }

    const Index& index_;
    const Seen& seen_;
    std::size_t number_;
    Mode mode_;
    std::string_view net_;
    std::vector<Finding> found_;
    std::vector<std::uint32_t> overriding_, standing_;
};

// All of the command, where its span is that of its first word alone: what xargs or find -exec carries.
Span segment_of(const SimpleCommand& command) {
    auto span = command.span;
    if (command.argv.empty() || command.argv.front().span != span) return span;
    for (const auto& word : command.argv)
        if (word.span.begin >= span.begin) span.end = std::max(span.end, word.span.end);
    return span;
}

// In the order in which they count: the decision, what is sure before what may be, what could go wrong, the place.
bool stronger(const Finding& a, const Finding& b) {
    if (a.decision != b.decision) return a.decision > b.decision;
    if (a.unknown.empty() != b.unknown.empty()) return a.unknown.empty();
    if (a.rule->severity != b.rule->severity) return a.rule->severity > b.rule->severity;
    return a.command < b.command;
}

Verdict refused(const NormalForm& form, Mode mode) {
    Verdict verdict;
    verdict.decision = form.too_big || mode == Mode::strict ? Decision::deny : Decision::ask;
    verdict.severity = Severity::medium;
    verdict.rule = form.too_big ? "bounds" : "syntax";
    verdict.reason = "It cannot be read, so nobody can say what it does: " + form.refused->reason + ".";
    verdict.segment = form.refused->span;
    return verdict;
}

std::string reason_of(const Finding& finding) {
    if (finding.unknown.empty()) return finding.rule->reason;
    return finding.rule->reason + " That depends on what is known only when it runs: `" + finding.unknown + "`.";
}

std::string allowed_reason(bool by_default, const Verdict& verdict) {
    if (!by_default) return verdict.findings.empty() ? "It runs nothing." : verdict.findings.front().rule->reason;
    return std::string("No rule is against it. It runs ") +
           (verdict.ceiling.net == "none" ? "without network" : "with the network it asks for") +
           " and writes in the workspace only.";
}

class Deciding {
public:
    Deciding(const Ruleset& rules, const NormalForm& form, const Facts& facts, Mode mode, std::string_view net)
        : rules_(rules), form_(form), pipelines_(form), facts_(facts), bases_(facts), mode_(mode), net_(net) {}

    Verdict verdict() {
        for (std::size_t i = 0; i < form_.commands.size(); ++i) take(i);
        if (ceiling_.net.empty()) ceiling_.net = net_;
        std::ranges::stable_sort(verdict_.findings, stronger);
        verdict_.ceiling = std::move(ceiling_);
        verdict_.decision = Decision::allow;
        if (!verdict_.findings.empty() && verdict_.findings.front().decision != Decision::allow)
            say(verdict_.findings.front());
        else
            say_allowed();
        return std::move(verdict_);
    }

private:
    void take(std::size_t number) {
        const auto& command = form_.commands[number];
        const Seen seen(form_, pipelines_, number, *rules_.index, bases_, facts_, mode_);
        auto found = Judging(*rules_.index, seen, number, mode_, net_).findings();
        bool allowed = false;
        for (const auto& finding : found) {
            if (finding.decision != Decision::allow) continue;
            allowed = true;
            narrow(ceiling_, finding.rule->ceiling);
        }
        if (!allowed && !runs_nothing(command)) {
            by_default_ = true;
            narrow(ceiling_, Ceiling{.net = std::string(net_)});
        }
        std::ranges::move(found, std::back_inserter(verdict_.findings));
    }

    void say(const Finding& finding) {
        verdict_.decision = finding.decision;
        verdict_.severity = finding.rule->severity;
        verdict_.rule = finding.rule->id;
        verdict_.reason = reason_of(finding);
        verdict_.segment = segment_of(form_.commands[finding.command]);
    }

    void say_allowed() {
        const bool named = !by_default_ && !verdict_.findings.empty();
        verdict_.rule = named ? verdict_.findings.front().rule->id : "default";
        verdict_.reason = allowed_reason(by_default_, verdict_);
        verdict_.segment = {0, static_cast<std::uint32_t>(form_.text.size())};
    }

    const Ruleset& rules_;
    const NormalForm& form_;
    const Pipelines pipelines_;
    const Facts& facts_;
    const Bases bases_;
    Mode mode_;
    std::string_view net_;
    Verdict verdict_;
    Ceiling ceiling_;
    bool by_default_ = false;
};

} // namespace

Verdict judge(const Ruleset& rules, const NormalForm& form, const Facts& facts, Mode mode, std::string_view net) {
    auto verdict = form.refused ? refused(form, mode) : Deciding(rules, form, facts, mode, net).verdict();
    verdict.opaque = form.opaque;
    verdict.version = rules.version;
    if (verdict.ceiling.net.empty()) verdict.ceiling.net = "none";
    return verdict;
}

Verdict decide(const Ruleset& rules, const NormalForm& form, const Facts& facts, Mode mode, std::string_view net) {
    auto verdict = judge(rules, form, facts, mode, net);
    verdict.change = smallest_change(form, facts, verdict);
    return verdict;
}

std::string_view name_of(Decision decision) {
    return kDecisions[static_cast<std::size_t>(decision)];
}

std::string_view name_of(Severity severity) {
    return kSeverities[static_cast<std::size_t>(severity)];
}

} // namespace owhale::policy
