// owhalectl policy rules: the rules in force, or one of them whole.
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/policy_options.hpp"
#include "cli/policy_verdicts.hpp"
#include "policy/fields.hpp"
#include "policy/toml_text.hpp"
#include "shared/nearest.hpp"

namespace owhale::cli {
namespace {

namespace json = boost::json;

struct Arguments {
    PolicyOptions options;
    std::vector<std::string> id;
};

std::string place_of(const policy::Rule& rule) {
    return rule.file + (rule.line > 0 ? ":" + std::to_string(rule.line) : "");
}

json::object rule_json(const policy::Rule& rule) {
    json::object out = {{"id", rule.id},
                        {"decision", policy::name_of(rule.decision)},
                        {"severity", policy::name_of(rule.severity)},
                        {"reason", rule.reason},
                        {"file", place_of(rule)}};
    for (const auto& field : policy::kLists)
        if (!(rule.*field.words).empty())
            out[field.name] = json::array((rule.*field.words).begin(), (rule.*field.words).end());
    for (const auto& field : policy::kFlags)
        if (rule.*field.flag) out[field.name] = *(rule.*field.flag);
    return out;
}

std::string field_lines(const policy::Rule& rule) {
    std::string out;
    for (const auto& field : policy::kLists)
        if (!(rule.*field.words).empty())
            out += std::string(field.name) + " = " + policy::toml_words(rule.*field.words) + "\n";
    for (const auto& field : policy::kFlags)
        if (rule.*field.flag) out += std::string(field.name) + " = " + (*(rule.*field.flag) ? "true\n" : "false\n");
    return out;
}

std::string ceiling_line(const policy::Ceiling& ceiling) {
    std::string inner;
    const auto add = [&](std::string_view key, const std::string& value) {
        inner += (inner.empty() ? "" : ", ") + std::string(key) + " = " + value;
    };
    if (!ceiling.net.empty()) add("net", policy::toml_string(ceiling.net));
    if (!ceiling.hosts.empty()) add("hosts", policy::toml_words(ceiling.hosts));
    if (!ceiling.profile.empty()) add("profile", policy::toml_string(ceiling.profile));
    if (ceiling.read_only) add("read_only", "true");
    return inner.empty() ? "" : "ceiling = { " + inner + " }\n";
}

std::string example_lines(std::string_view key, const std::vector<policy::Example>& examples) {
    std::string out = std::string(key) + " = [\n";
    for (const auto& example : examples)
        out += "    " +
               (example.cwd.empty() ? policy::toml_string(example.command)
                                    : "{ command = " + policy::toml_string(example.command) +
                                          ", cwd = " + policy::toml_string(example.cwd) + " }") +
               ",\n";
    return out + "]\n";
}

// As it would stand in a file.
std::string rule_text(const policy::Rule& rule) {
    std::string out = "# " + place_of(rule) + "\n[[rule]]\nid = " + policy::toml_string(rule.id) + "\ndecision = \"" +
                      std::string(policy::name_of(rule.decision)) + "\"\nseverity = \"" +
                      std::string(policy::name_of(rule.severity)) + "\"\n";
    if (rule.unknown != policy::Unknown::ask)
        out += "unknown = " + policy::toml_string(policy::kUnknowns[static_cast<std::size_t>(rule.unknown)]) + "\n";
    out += "reason = " + policy::toml_string(rule.reason) + "\n" + field_lines(rule) + ceiling_line(rule.ceiling);
    return out + example_lines("match", rule.match) + example_lines("no_match", rule.no_match);
}

Result<int> show(Context& context, const policy::Ruleset& rules, const std::string& id) {
    std::vector<std::string_view> ids;
    for (const auto& rule : rules.rules) {
        ids.push_back(rule.id);
        if (rule.id != id) continue;
        if (context.look().format == Format::table)
            CHECK(print(escaped_lines(rule_text(rule))));
        else
            CHECK(print(json_text(context.look(), json::serialize(rule_json(rule)))));
        return kOk;
    }
    const auto near = nearest(id, ids);
    return fail(Code::not_found, "there is no rule '" + id + "'",
                (near ? "did you mean " + std::string(*near) + "? " : "") +
                    std::string("owhalectl policy rules lists them"));
}

Result<int> list(Context& context, const policy::Ruleset& rules) {
    if (context.look().format != Format::table) {
        json::array all;
        for (const auto& rule : rules.rules) all.push_back(rule_json(rule));
        CHECK(print(json_text(context.look(),
                              json::serialize(json::object{{"rules", std::move(all)}, {"version", rules.version}}),
                              "rules")));
        return kOk;
    }
    Table table({"ID", "DECISION", "SEVERITY", "REASON"}, 3);
    std::string ids;
    for (const auto& rule : rules.rules) {
        ids += rule.id + "\n";
        table.row({{rule.id},
                   {std::string(policy::name_of(rule.decision)), tone_of(rule.decision)},
                   {std::string(policy::name_of(rule.severity))},
                   {rule.reason}});
    }
    CHECK(print(context.globals().quiet ? ids : table.text(context.look())));
    return kOk;
}

Result<int> rules(Context& context, const Arguments& arguments) {
    const auto facts = TRY(facts_of(arguments.options));
    const auto all = TRY(rules_for(arguments.options, facts, true));
    return arguments.id.empty() ? list(context, *all) : show(context, *all, arguments.id.front());
}

} // namespace

void declare_policy_rules(Command policy) {
    auto command = policy.sub("rules", "List the rules in force, or show one with its examples");
    auto arguments = std::make_shared<Arguments>();
    declare(command, arguments->options);
    command.positionals("ID", arguments->id, "one rule", Kind::text, false);
    command.handler([arguments](Context& context) { return rules(context, *arguments); });
}

} // namespace owhale::cli
