#include "cli/policy_import.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <map>
#include <optional>

#include "policy/decide.hpp"
#include "policy/normal/normalize.hpp"
#include "policy/toml_text.hpp"

namespace owhale::cli {
namespace {

namespace json = boost::json;
using policy::toml_string;
using policy::toml_words;

constexpr std::size_t kMostRules = 2'000;

struct Permission {
    std::string decision, whole; // "deny", "Bash(rm:*)"
    std::string tool;
    std::optional<std::string> what;
};

struct Draft {
    std::string id, decision, whole, conditions, match, no_match;
    std::vector<std::string> overrides;
};

// What becomes of a permission: rules, or why there are none.
struct Outcome {
    std::vector<Draft> drafts;
    std::string left;
};

Outcome left(std::string why) {
    return {{}, std::move(why)};
}

std::string line(std::string_view key, const std::vector<std::string>& words) {
    return std::string(key) + " = " + toml_words(words) + "\n";
}

policy::Facts here() {
    policy::Facts facts;
    facts.home = "/home/user";
    facts.cwd = facts.workspace = "/home/user/project";
    return facts;
}

policy::NormalForm form_of(const std::string& script) {
    policy::Request request;
    request.script = script;
    return policy::normalize(request, here());
}

Permission parse(const std::string& decision, const std::string& text) {
    const auto open = text.find('(');
    Permission out{decision, text, text.substr(0, open), std::nullopt};
    if (open != std::string::npos && text.ends_with(')')) out.what = text.substr(open + 1, text.size() - open - 2);
    return out;
}

Draft draft_of(const Permission& permission, std::string conditions, std::string match, std::string no_match) {
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

Outcome import_bash(const Permission& permission) {
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

Outcome import_read(const Permission& permission) {
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

Outcome import_edit(const Permission& permission) {
    if (permission.decision == "allow")
        return left("writing in the workspace needs no rule here; what may be written outside of it is the cage's to "
                    "say (owhalectl workspaces add)");
    const auto patterns = permission.what ? path_patterns(*permission.what, true) : std::vector<std::string>{"/**"};
    const auto path = permission.what ? path_instance(patterns) : "x";
    Outcome out;
    for (const auto& [field, command] : {std::pair{"writes", "tee "}, {"removes", "rm "}, {"changes", "chmod 600 "}})
        out.drafts.push_back(draft_of(permission, line(field, patterns), command + path, "true"));
    return out;
}

Outcome import_fetch(const Permission& permission) {
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
    Outcome (*import)(const Permission&);
};

constexpr std::array kTools = {
    Tool{"Bash", import_bash},      Tool{"Read", import_read},      Tool{"Edit", import_edit},
    Tool{"Write", import_edit},     Tool{"MultiEdit", import_edit}, Tool{"NotebookEdit", import_edit},
    Tool{"WebFetch", import_fetch},
};

Outcome import_one(const Permission& permission) {
    for (const auto& tool : kTools)
        if (tool.name == permission.tool) return tool.import(permission);
    if (permission.tool.starts_with("mcp__")) return left("a tool of an MCP server runs no command that owhaled sees");
    return left("a tool of the agent's own: no command that owhaled sees");
}

// ---- the file

std::string id_of(const Draft& draft) {
    std::string id = "claude." + draft.decision + "-";
    for (const char c : draft.whole) {
        const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        const bool good = (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9');
        if (good)
            id += small;
        else if (!id.ends_with('-'))
            id += '-';
    }
    while (id.ends_with('-')) id.pop_back();
    return id.substr(0, 90);
}

std::string text_of(const Draft& draft) {
    std::string out =
        "[[rule]]\nid = " + toml_string(draft.id) + "\ndecision = " + toml_string(draft.decision) +
        "\nreason = " + toml_string("Claude Code's settings " + draft.decision + " " + draft.whole + ".") + "\n" +
        draft.conditions;
    if (!draft.overrides.empty()) out += line("overrides", draft.overrides);
    return out + "match = [" + toml_string(draft.match) + "]\nno_match = [" + toml_string(draft.no_match) + "]\n";
}

class Importing {
public:
    Result<Imported> run(const json::object& permissions, const std::string& name) {
        shipped_ = TRY(policy::load_rules(policy::shipped_sources(), policy::Verify::none));
        for (const std::string decision : {"deny", "ask", "allow"}) CHECK(take_list(permissions, decision));
        take_rest(permissions);
        out_.rules = "# The permissions of " + name +
                     ", as rules. The shipped rules hold besides: a rule to allow overrides what these\n"
                     "# ask about, and nothing that they deny. Here, too, deny beats ask beats allow.\n";
        for (const auto& why : out_.left) out_.rules += "# Not kept: " + one_line(why) + "\n";
        out_.rules += texts_;
        return std::move(out_);
    }

private:
    static std::string one_line(std::string text) {
        std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
        return text;
    }

    Status take_list(const json::object& permissions, const std::string& decision) {
        const auto* value = permissions.if_contains(decision);
        if (value == nullptr) return {};
        if (!value->is_array())
            return fail(Code::bad_request, "permissions." + decision + " is no list", "it is a list of strings");
        for (const auto& one : value->get_array()) {
            if (!one.is_string())
                return fail(Code::bad_request, "permissions." + decision + " holds something that is no string",
                            "it is a list of strings");
            take(parse(decision, std::string(one.get_string())));
        }
        return {};
    }

    void leave(const std::string& what, const std::string& why) { out_.left.push_back(what + ": " + why); }

    void take(const Permission& permission) {
        if (out_.kept >= kMostRules)
            return leave(permission.decision + " " + permission.whole, "more than 2,000 rules");
        auto outcome = import_one(permission);
        if (!outcome.left.empty()) leave(permission.decision + " " + permission.whole, outcome.left);
        bool kept = false;
        for (auto& draft : outcome.drafts) kept = take(std::move(draft)) || kept;
        if (kept) ++out_.kept;
    }

    bool take(Draft draft) {
        draft.id = id_of(draft);
        if (const auto again = ++ids_[draft.id]; again > 1) draft.id += "-" + std::to_string(again);
        if (draft.decision == "allow") override_asked(draft);
        auto text = text_of(draft);
        auto sources = policy::shipped_sources();
        sources.push_back({"imported.toml", text, policy::Origin::system, {}});
        if (const auto loaded = policy::load_rules(sources); !loaded) {
            leave(draft.decision + " " + draft.whole, "its rule does not hold: " + loaded.error().message);
            return false;
        }
        texts_ += "\n" + text;
        return true;
    }

    // There it would have been allowed without a question.
    void override_asked(Draft& draft) {
        const auto verdict = policy::judge(*shipped_, form_of(draft.match), here(), policy::Mode::local);
        for (const auto& finding : verdict.findings) {
            const auto& id = finding.rule->id;
            if (finding.decision == policy::Decision::deny)
                leave(draft.decision + " " + draft.whole,
                      "the shipped rule " + id + " still denies it; a rule of yours may override it");
            const bool asks = finding.decision == policy::Decision::ask && id != "default";
            if (asks && std::ranges::find(draft.overrides, id) == draft.overrides.end()) draft.overrides.push_back(id);
        }
    }

    void take_rest(const json::object& permissions) {
        for (const auto& [key, value] : permissions) {
            if (key == "deny" || key == "ask" || key == "allow") continue;
            if (key == "additionalDirectories" && value.is_array())
                for (const auto& folder : value.get_array())
                    leave("additionalDirectories " +
                              (folder.is_string() ? std::string(folder.get_string()) : std::string("?")),
                          "folders are registered with owhalectl workspaces add");
            else if (key == "defaultMode")
                leave("defaultMode " + (value.is_string() ? std::string(value.get_string()) : std::string("?")),
                      mode_hint(value));
            else
                leave(std::string(key), "no permission that is known here");
        }
    }

    static std::string mode_hint(const json::value& value) {
        const auto mode = value.is_string() ? std::string_view(value.get_string()) : std::string_view();
        if (mode == "bypassPermissions") return "owhaled always judges; the mode local asks least";
        if (mode == "acceptEdits") return "the mode local allows edits in the workspace anyway";
        return "the mode strict asks about what no rule knows, the mode local allows it in a cage";
    }

    Imported out_;
    std::string texts_;
    std::map<std::string, int> ids_;
    std::shared_ptr<const policy::Ruleset> shipped_;
};

} // namespace

Result<Imported> import_claude_code(std::string_view settings, const std::string& name) {
    boost::system::error_code error;
    const auto value = json::parse(settings, error);
    if (error || !value.is_object())
        return fail(Code::bad_request, name + ": not a JSON object" + (error ? ": " + error.message() : ""),
                    "name Claude Code's settings.json");
    const auto* permissions = value.get_object().if_contains("permissions");
    if (permissions == nullptr || !permissions->is_object())
        return fail(Code::bad_request, name + ": has no `permissions`",
                    "name Claude Code's settings.json or settings.local.json");
    return Importing().run(permissions->get_object(), name);
}

} // namespace owhale::cli
