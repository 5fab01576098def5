#include "policy/examples.hpp"

#include <algorithm>

#include "policy/normal/normalize.hpp"
#include "policy/rule_reader.hpp"

namespace owhale::policy {
namespace {

constexpr std::string_view kHome = "/home/user", kProject = "/home/user/project";

// How far a rule got with one of the commands.
struct Closest {
    const SimpleCommand* command = nullptr;
    std::string condition;
};

std::string words_of(const SimpleCommand& command) {
    std::string out;
    for (const auto& word : command.argv) out += (out.empty() ? "" : " ") + shown(word.text);
    return out.empty() ? "no program" : out;
}

std::string not_matched(const Rule& rule, const Closest& closest, const NormalForm& form) {
    if (form.refused) return "it cannot be read: " + form.refused->reason;
    if (closest.command == nullptr) return "it runs nothing";
    const auto words = "of `" + words_of(*closest.command) + "` ";
    if (closest.condition == "program") return words + "the program is `" + closest.command->program + "`";
    if (closest.condition == "unknown")
        return words + "it depends on what is not known, and " +
               (rule.decision == Decision::allow ? "an allow rule" : "unknown = \"skip\"") + " does not hold then";
    return words + "`" + closest.condition + "` does not hold";
}

} // namespace

Facts example_facts(const Example& example) {
    Facts facts;
    facts.home = kHome;
    facts.cwd = example.cwd.empty() ? std::string(kProject) : example.cwd;
    const bool inside = facts.cwd == kProject || facts.cwd.starts_with(std::string(kProject) + "/");
    facts.workspace = inside ? std::string(kProject) : facts_of_path(facts.cwd, std::string(kHome)).workspace;
    return facts;
}

std::string example_failure(const Index& index, std::uint32_t number, const Example& example, bool must_match,
                            std::size_t* commands) {
    const auto facts = example_facts(example);
    Request request;
    request.script = example.command;
    const auto form = normalize(request, facts);
    if (commands != nullptr) *commands += form.commands.size() + 1;
    const auto& rule = *index.rules()[number].rule;
    const Bases bases(facts);
    const Pipelines pipelines(form);
    Closest closest;
    for (std::size_t i = 0; i < form.commands.size(); ++i) {
        const auto& command = form.commands[i];
        const bool about = index.is_about(number, command.program);
        if (closest.command == nullptr) closest = {&command, "program"};
        if (!about) continue;
        const Seen seen(form, pipelines, i, index, bases, facts, Mode::local);
        const auto hit = looked_at(index, number, seen);
        if (decision_of(rule, hit.match)) {
            if (must_match) return {};
            return "it matches, by `" + words_of(command) + "`" +
                   (hit.match == Match::maybe ? ", as `" + std::string(hit.condition) + "` may hold" : "");
        }
        closest = {&command, hit.match == Match::maybe ? "unknown" : std::string(hit.condition)};
    }
    return must_match ? not_matched(rule, closest, form) : "";
}

Status verify_examples(const Index& index, std::uint32_t number, std::size_t& commands) {
    const auto& rule = *index.rules()[number].rule;
    for (const bool must : {true, false}) {
        for (const auto& example : must ? rule.match : rule.no_match) {
            const auto failure = example_failure(index, number, example, must, &commands);
            if (commands > (rule.origin == Origin::project ? kMostProjectCommands : kMostCommands))
                return wrong_at(rule.file, example.line, example.column, "the examples run too many commands in all");
            if (failure.empty()) continue;
            return wrong_at(rule.file, example.line, example.column,
                            "rule `" + rule.id + "` must " + (must ? "match `" : "not match `") + example.command +
                                "`: " + failure);
        }
    }
    return {};
}

} // namespace owhale::policy
