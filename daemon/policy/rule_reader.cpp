#include "policy/rule_reader.hpp"

#include <algorithm>

#include "policy/fields.hpp"
#include "shared/nearest.hpp"

namespace owhale::policy {
namespace {

constexpr auto kCode = Code::config_invalid;
constexpr std::string_view kNext =
    "mend the file; man owhaled-policy.5 describes it, owhalectl policy test FILE checks it";
constexpr std::size_t kMaxId = 128, kMaxExamples = 200;

std::vector<std::string_view> rule_keys() {
    std::vector<std::string_view> keys = {"id",     "decision", "severity", "unknown",
                                          "reason", "ceiling",  "match",    "no_match"};
    for (const auto& field : kLists) keys.push_back(field.name);
    for (const auto& field : kFlags) keys.push_back(field.name);
    return keys;
}

std::string list_of(std::span<const std::string_view> words) {
    std::string out;
    for (const auto word : words) out += (out.empty() ? "" : ", ") + std::string(word);
    return out;
}

// One of a few words; the default where the key is absent.
template <typename T>
Status read_word(const TomlReader& reader, std::string_view key, std::span<const std::string_view> words, T& to) {
    const auto text = TRY(reader.string(key));
    if (!text) return {};
    const auto found = std::ranges::find(words, *text);
    if (found == words.end()) return reader.wrong(key, "must be one of " + list_of(words));
    to = static_cast<T>(found - words.begin());
    return {};
}

bool is_id(std::string_view id) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    };
    return !id.empty() && id.size() <= kMaxId && std::ranges::all_of(id, good);
}

Status read_ceiling(const TomlReader& rule, Draft& draft) {
    auto& to = draft.rule.ceiling;
    Status status;
    const auto reader = rule.table("ceiling", status);
    if (!reader) return status;
    CHECK(reader->only({"net", "profile", "hosts", "read_only"}));
    if (const auto net = TRY(reader->string("net"))) {
        if (std::ranges::find(kNets, *net) == kNets.end())
            return reader->wrong("net", "must be one of " + list_of(kNets));
        to.net = *net;
    }
    if (auto profile = TRY(reader->string("profile"))) to.profile = std::move(*profile);
    auto hosts = TRY(reader->words("hosts"));
    for (const auto& host : hosts) to.hosts.push_back(host.text);
    if (!hosts.empty()) draft.placed["ceiling"] = std::move(hosts);
    if (!to.hosts.empty() && to.net != "scoped") return reader->wrong("hosts", "needs net = \"scoped\"");
    to.read_only = TRY(reader->boolean("read_only")).value_or(false);
    return {};
}

Result<Example> read_example(const TomlReader& rule, std::string_view file, std::string_view key,
                             const toml::node& node) {
    Example example;
    example.line = node.source().begin.line;
    example.column = node.source().begin.column;
    if (node.is_string()) {
        example.command = node.as_string()->get();
    } else if (node.is_table()) {
        const TomlReader reader(kCode, file, *node.as_table());
        CHECK(reader.only({"command", "cwd"}));
        example.command = TRY(reader.string("command")).value_or("");
        example.cwd = TRY(reader.string("cwd")).value_or("");
        if (!example.cwd.empty() && example.cwd.front() != '/') return reader.wrong("cwd", "must be absolute");
    } else {
        return rule.at(node.source(), std::string(key) + ": must be a command, or { command = …, cwd = … }");
    }
    if (example.command.empty()) return rule.at(node.source(), std::string(key) + ": the command is empty");
    return example;
}

Result<std::vector<Example>> read_examples(const TomlReader& rule, std::string_view file, std::string_view key) {
    std::vector<Example> out;
    const auto* node = rule.raw().get(key);
    const auto* list = node == nullptr ? nullptr : node->as_array();
    if (node != nullptr && list == nullptr) {
        out.push_back(TRY(read_example(rule, file, key, *node)));
        return out;
    }
    if (list == nullptr || list->empty())
        return rule.at(node == nullptr ? rule.raw().source() : node->source(),
                       "a rule needs at least one example in `" + std::string(key) + "`: a command that it must" +
                           (key == "match" ? " match" : " not match"));
    if (list->size() > kMaxExamples) return rule.wrong(key, "has more than 200 examples");
    for (const auto& item : *list) out.push_back(TRY(read_example(rule, file, key, item)));
    return out;
}

Status read_lists(const TomlReader& reader, const Source& source, Draft& draft) {
    for (const auto& field : kLists) {
        auto words = TRY(reader.words(field.name));
        for (const auto& word : words) {
            const bool empty = word.text.empty() && field.kind != Words::texts; // sub = "": none
            if (empty || word.text.find('\0') != std::string::npos)
                return wrong_at(source.name, word.line, word.column,
                                std::string(field.name) + ": an empty word, or one with a NUL");
            (draft.rule.*field.words).push_back(word.text);
        }
        if (!words.empty()) draft.placed[field.name] = std::move(words);
    }
    for (const auto& field : kFlags) draft.rule.*field.flag = TRY(reader.boolean(field.name));
    return {};
}

Status read_head(const TomlReader& reader, Rule& rule) {
    rule.id = TRY(reader.string("id")).value_or("");
    if (!is_id(rule.id))
        return reader.wrong("id",
                            "a rule needs an id of small letters, digits, dots and hyphens: \"team.no-force-push\"");
    if (std::ranges::find(kBuiltIn, rule.id) != kBuiltIn.end())
        return reader.wrong("id", "`" + rule.id + "` is built in");
    rule.reason = TRY(reader.string("reason")).value_or("");
    if (rule.reason.empty())
        return reader.wrong("reason", "rule `" + rule.id + "` needs a reason: a sentence that says what could happen");
    if (reader.raw().get("decision") == nullptr)
        return reader.wrong("decision", "rule `" + rule.id + "` needs a decision: allow, ask or deny");
    CHECK(read_word(reader, "decision", kDecisions, rule.decision));
    if (rule.decision == Decision::allow) rule.severity = Severity::none;
    CHECK(read_word(reader, "severity", kSeverities, rule.severity));
    return read_word(reader, "unknown", kUnknowns, rule.unknown);
}

// What a project's own file may not do: it comes with the code that is to be kept in check.
Status check_project(const TomlReader& reader, const Rule& rule) {
    if (rule.decision == Decision::allow)
        return reader.wrong("decision", "a project's file can only narrow: ask or deny");
    if (!rule.overrides.empty())
        return reader.wrong("overrides", "a project's file can only narrow: it overrides nothing");
    return {};
}

Result<Draft> read_rule(const TomlReader& reader, const Source& source) {
    static const auto keys = rule_keys();
    CHECK(reader.only(keys));
    Draft draft;
    auto& rule = draft.rule;
    rule.file = source.name;
    rule.origin = source.origin;
    rule.line = reader.line();
    draft.column = reader.raw().source().begin.column;
    CHECK(read_head(reader, rule));
    CHECK(read_lists(reader, source, draft));
    CHECK(read_ceiling(reader, draft));
    if (source.origin == Origin::project) CHECK(check_project(reader, rule));
    if (!has_condition(rule))
        return reader.wrong("id", "rule `" + rule.id + "` has no condition: it would hold for everything");
    rule.match = TRY(read_examples(reader, source.name, "match"));
    rule.no_match = TRY(read_examples(reader, source.name, "no_match"));
    return draft;
}

Status read_sets(const TomlReader& top, RuleFile& file) {
    Status status;
    const auto sets = top.table("sets", status);
    if (!sets) return status;
    for (const auto& [key, value] : sets->raw()) {
        if (!is_id(key.str()))
            return sets->wrong(key.str(), "is no name for a set: small letters, digits, dots and hyphens");
        const auto& where = key.source().begin;
        file.sets.push_back({std::string(key.str()), TRY(sets->words(key.str())), where.line, where.column});
        for (const auto& member : file.sets.back().members)
            if (member.text.empty()) return wrong_at(file.name, member.line, member.column, "an empty word");
    }
    return {};
}

} // namespace

std::unexpected<Error> wrong_at(std::string_view file, std::uint32_t line, std::uint32_t column,
                                std::string_view what) {
    return fail(
        kCode, std::string(file) + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + std::string(what),
        std::string(kNext));
}

Error with_next(Error error) {
    if (error.next.empty()) error.next = kNext;
    return error;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
    const auto near = nearest(word, known);
    return near ? ", did you mean `" + std::string(*near) + "`?" : "";
}

Result<RuleFile> read_rules(const Source& source) {
    if (source.text.size() > kMaxRuleFile) return wrong_at(source.name, 1, 1, "more than 1 MiB");
    if (source.origin == Origin::project && source.text.size() > kMaxProjectFile)
        return wrong_at(source.name, 1, 1, "more than 64 KiB");
    RuleFile file{source.name, source.origin, {}, {}};
    const auto table = TRY(parse_toml(kCode, source.name, source.text));
    const TomlReader reader(kCode, source.name, table);
    CHECK(reader.only({"sets", "rule"}));
    CHECK(read_sets(reader, file));
    for (const auto& one : TRY(reader.tables("rule"))) file.rules.push_back(TRY(read_rule(one, source)));
    return file;
}

} // namespace owhale::policy
