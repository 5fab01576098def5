#include "cli/policy_permissions.hpp"

#include <array>

#include "policy/normal/normalize.hpp"
#include "policy/toml_text.hpp"

namespace owhale::cli {
namespace {

using policy::toml_string;
using policy::toml_words;

ImportedPermission left(std::string why) {
    return {{}, std::move(why)};
}

std::string line(std::string_view key, const std::vector<std::string>& words) {
    return std::string(key) + " = " + toml_words(words) + "\n";
}

policy::NormalForm form_of(const std::string& script) {
    policy::Request request;
    request.script = script;
    return policy::normalize(request, example_place());
}

RuleDraft draft_of(const Permission& permission, std::string conditions, std::string match, std::string no_match) {
    return {{}, permission.decision, permission.whole, std::move(conditions), std::move(match), std::move(no_match),
            {}};
}

// A pattern with its stars as some text that it matches.
std::string instance(std::string_view pattern) {
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '*' && pattern[i] != '?') {
            out += pattern[i];
            continue;
        }
        while (i + 1 < pattern.size() && pattern[i + 1] == '*') ++i;
        out += 'x';
    }
    return out;
}

// ---- Bash

struct Prefix {
    std::string text;
    bool more = false; // it is the beginning of a command
};

Prefix prefix_of(const std::string& what) {
    for (const std::string_view end : {":*", " *"})
        if (what.ends_with(end)) return {what.substr(0, what.size() - end.size()), true};
    return {what, false};
}

// sudo, env and the like are gone in the normal form: what they start is said to be carried by them.
bool is_carrier(const std::string& program) {
    const auto form = form_of(program + " true");
    return form.commands.size() == 1 && form.commands[0].program == "true" && !form.commands[0].via.empty();
}

std::string bash_problem(const policy::NormalForm& form) {
    if (form.refused) return "it cannot be read as a command: " + form.refused->reason;
    if (form.commands.size() != 1) return "it is more than one simple command";
    const auto& command = form.commands[0];
    if (command.program.empty()) return "its program is not known";
    if (!command.env.empty()) return "it sets variables before the command";
    return {};
}

ImportedPermission import_bash(const Permission& permission) {
    const auto what = permission.what.value_or("*");
    if (what == "*" || what == ":*" || what.empty())
        return {{draft_of(permission, "program = \"*\"\n", "ls", "# nothing")}, {}};
    const auto prefix = prefix_of(what);
    const auto form = form_of(prefix.text);
    if (auto problem = bash_problem(form); !problem.empty()) return left(std::move(problem));
    const auto& command = form.commands[0];
    std::vector<std::string> words;
    for (std::size_t i = 1; i < command.argv.size(); ++i) words.push_back(policy::as_pattern(command.argv[i].text));
    if (words.empty() && prefix.more && is_carrier(command.program))
        return {{draft_of(permission, line("via", {command.program}), command.program + " true", "true")}, {}};
    auto conditions = line("program", {command.program});
    if (!command.via.empty()) conditions += line("via", {command.via.back()});
    const bool any = words.empty() && prefix.more;
    if (prefix.more) words.emplace_back("**");
    if (words.empty())
        conditions += "no_word = \"*\"\n";
    else if (!any)
        conditions += "words = " + toml_words(words) + "\n";
    const bool bare_differs = !any && words.size() > (prefix.more ? 1u : 0u);
    const auto other = bare_differs ? command.program : any ? "true" : command.program + " something";
    return {{draft_of(permission, std::move(conditions), instance(prefix.text),
                      command.program == "true" && other == "true" ? "false" : other)},
            {}};
}

// ---- paths, as gitignore means them

std::vector<std::string> path_patterns(std::string what, bool anywhere) {
    const bool folder = what.size() > 1 && what.ends_with('/');
    if (folder) what.pop_back();
    std::vector<std::string> out;
    const bool named = what.find('/') == std::string::npos && what != "~" && what != "**"; // at any depth
    if (what.starts_with("//"))
        out = {what.substr(1)};
    else if (what.starts_with('~'))
        out = {what};
    else if (what.starts_with("./") || what.starts_with("**"))
        out = {what};
    else if (what.starts_with('/'))
        out = {"." + what};
    else if (named)
        out = anywhere ? std::vector<std::string>{"**/" + what} : std::vector<std::string>{"./" + what, "./**/" + what};
    else
        out = {"./" + what};
    if (out.front().ends_with('*')) return out;
    for (std::size_t i = 0, count = out.size(); i < count; ++i)
        out.push_back(out[i] + "/**"); // a folder, and what is in it
    return out;
}

// A path that the first of these matches, as a command would name it.
std::string path_instance(const std::vector<std::string>& patterns) {
    auto path = instance(patterns.front());
    if (path.starts_with("x/") && patterns.front().starts_with("**")) path = "./" + path;
    return path;
}

ImportedPermission import_read(const Permission& permission) {
    const bool allow = permission.decision == "allow";
    if (!permission.what && allow)
        return left("reading in the workspace needs no rule here; outside of it the shipped rules hold");
    const auto patterns = permission.what ? path_patterns(*permission.what, !allow) : std::vector<std::string>{"/**"};
    const auto path = permission.what ? path_instance(patterns) : "README.md";
    std::string conditions = line("reads", patterns);
    if (allow) {
        conditions = line(
            "program", {"cat", "head", "tail", "less", "grep", "rg", "wc", "nl", "file", "stat", "ls", "diff", "cmp"});
        conditions += line("reads", patterns) + line("reads_within", patterns) +
                      "connects = false\nwithin = [\"/dev/null\", \"/dev/std*\", \"/dev/tty\"]\n";
    }
    return {{draft_of(permission, std::move(conditions), "cat " + path, "true")}, {}};
}

ImportedPermission import_edit(const Permission& permission) {
    if (permission.decision == "allow")
        return left("writing in the workspace needs no rule here; what may be written outside of it is the cage's to "
                    "say (owhalectl workspaces add)");
    const auto patterns = permission.what ? path_patterns(*permission.what, true) : std::vector<std::string>{"/**"};
    const auto path = permission.what ? path_instance(patterns) : "x";
    ImportedPermission out;
    for (const auto& [field, command] : {std::pair{"writes", "tee "}, {"removes", "rm "}, {"changes", "chmod 600 "}})
        out.drafts.push_back(draft_of(permission, line(field, patterns), command + path, "true"));
    return out;
}

ImportedPermission import_fetch(const Permission& permission) {
    std::string conditions;
    if (permission.decision == "allow") conditions = "program = \"@fetchers\"\n";
    if (!permission.what)
        return {
            {draft_of(permission, "program = \"@fetchers\"\nconnects = true\n", "curl https://example.org", "true")},
            {}};
    constexpr std::string_view kDomain = "domain:";
    if (!permission.what->starts_with(kDomain)) return left("of WebFetch only domain:NAME is known here");
    const auto domain = permission.what->substr(kDomain.size());
    std::vector<std::string> hosts = {domain};
    if (!domain.starts_with('*')) hosts.push_back("*." + domain);
    conditions += line("host", hosts) + "unknown = \"skip\"\n"; // it is about addresses that are named
    if (permission.decision == "allow")
        conditions += "sends_data = false\nceiling = { net = \"scoped\", hosts = " +
                      (hosts.size() == 1 ? "[" + toml_string(hosts[0]) + "]" : toml_words(hosts)) + " }\n";
    return {{draft_of(permission, std::move(conditions), "curl https://" + instance(domain),
                      "curl https://elsewhere.example")},
            {}};
}

struct Tool {
    std::string_view name;
    ImportedPermission (*import)(const Permission&);
};

constexpr std::array kTools = {
    Tool{"Bash", import_bash},      Tool{"Read", import_read},      Tool{"Edit", import_edit},
    Tool{"Write", import_edit},     Tool{"MultiEdit", import_edit}, Tool{"NotebookEdit", import_edit},
    Tool{"WebFetch", import_fetch},
};

} // namespace

policy::Facts example_place() {
    policy::Facts facts;
    facts.home = "/home/user";
    facts.cwd = facts.workspace = "/home/user/project";
    return facts;
}

Permission parse_permission(const std::string& decision, const std::string& text) {
    const auto open = text.find('(');
    Permission out{decision, text, text.substr(0, open), std::nullopt};
    if (open != std::string::npos && text.ends_with(')')) out.what = text.substr(open + 1, text.size() - open - 2);
    return out;
}

ImportedPermission import_permission(const Permission& permission) {
    for (const auto& tool : kTools)
        if (tool.name == permission.tool) return tool.import(permission);
    if (permission.tool.starts_with("mcp__")) return left("a tool of an MCP server runs no command that owhaled sees");
    return left("a tool of the agent's own: no command that owhaled sees");
}

} // namespace owhale::cli
