// Normal forms made by hand, and rules from a text: what the tests of rules and verdicts stand on.
#pragma once

#include "policy/decide.hpp"

#include "checks.hpp"

namespace owhale::test {

using namespace owhale::policy;

inline Facts project_facts() {
    Facts facts;
    facts.cwd = facts.workspace = "/home/user/project";
    facts.home = "/home/user";
    return facts;
}

// A command whose words stand in the form's text, each with its span.
inline SimpleCommand command_of(std::string program, std::vector<std::string> words = {}) {
    SimpleCommand command;
    command.program = program;
    command.known_program = true;
    command.argv.push_back({std::move(program), {0, 1}});
    for (auto& word : words) command.argv.push_back({std::move(word), {}});
    return command;
}

inline SimpleCommand with(SimpleCommand command, Act act, std::string path, bool recursive = false) {
    command.accesses.push_back({act, std::move(path), {2, 3}, recursive, false});
    return command;
}

inline SimpleCommand to_host(SimpleCommand command, std::string name, bool sends = false) {
    command.hosts.push_back({std::move(name), "", "https", "", sends, false, false, {2, 3}});
    return command;
}

inline NormalForm form_of(std::vector<SimpleCommand> commands) {
    NormalForm form;
    for (std::uint32_t i = 0; i < commands.size(); ++i) {
        form.text += (i == 0 ? "" : " && ") + commands[i].program;
        const auto end = static_cast<std::uint32_t>(form.text.size());
        commands[i].span = {end - static_cast<std::uint32_t>(commands[i].program.size()), end};
        commands[i].pipeline = i;
    }
    form.commands = std::move(commands);
    return form;
}

using Rules = std::shared_ptr<const Ruleset>;

inline std::string load_error(const std::string& text, Origin origin = Origin::system, Verify verify = Verify::none) {
    const auto rules = load_rules({{"x.toml", text, origin, {}}}, verify);
    return rules ? "" : rules.error().message;
}

// Rules whose examples are left alone.
inline Rules load(const std::string& text, Origin origin = Origin::system) {
    const auto rules = load_rules({{"x.toml", text, origin, {}}}, Verify::none);
    REQUIRE_MESSAGE(rules, (rules ? "" : rules.error().message));
    return *rules;
}

// A rule to deny with these conditions.
inline std::string rule_text(const std::string& conditions, const std::string& id = "r",
                             const std::string& decision = "deny") {
    return "[[rule]]\nid = \"" + id + "\"\ndecision = \"" + decision + "\"\nreason = \"Why.\"\n" + conditions +
           "\nmatch = [\"true\"]\nno_match = [\"false\"]\n";
}

inline Verdict verdict_on(const Rules& rules, SimpleCommand command, Mode mode = Mode::local) {
    return judge(*rules, form_of({std::move(command)}), project_facts(), mode);
}

inline Decision decided(const std::string& conditions, SimpleCommand command) {
    return verdict_on(load(rule_text(conditions)), std::move(command)).decision;
}

} // namespace owhale::test
