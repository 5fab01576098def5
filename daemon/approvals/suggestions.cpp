#include "approvals/suggestions.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "approvals/template.hpp"
#include "base/utf8.hpp"

namespace owhale::approvals {
namespace {

constexpr std::size_t kMostExamples = 5, kLongestExample = 200; // bytes
constexpr std::size_t kOften = 3;                               // approvals of one shape: fewer are no habit
constexpr std::string_view kMatch = "match = [";

bool was_agreed(const api::Approval& approval) {
    return approval.state == "approved" || approval.state == "used" || approval.state == "void";
}

bool may_repeat(const api::Approval& approval) {
    return approval.verdict.severity.value_or("") != "critical";
}

std::string in_one_line(const std::vector<std::string>& command) {
    std::string out;
    for (const auto& word : command) {
        const bool plain =
            !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                    "0123456789_-./=:,@%+<>") == std::string::npos;
        if (!out.empty()) out += ' ';
        if (plain) {
            out += word;
            continue;
        }
        out += '\'';
        for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
        out += '\'';
    }
    return out;
}

// For people to recognize: one line, cut between two characters.
std::string as_example(const std::vector<std::string>& command) {
    auto line = in_one_line(command);
    std::ranges::replace_if(line, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    constexpr std::string_view kCut = "…";
    if (line.size() <= kLongestExample) return line;
    return line.substr(0, size_to_cut(line, kLongestExample - kCut.size())) + std::string(kCut);
}

// A template of it would hold the mask in place of the secret.
bool is_masked(const api::Approval& approval) {
    return std::ranges::any_of(approval.command,
                               [](const std::string& word) { return word.find("[redacted") != std::string::npos; });
}

struct Group {
    std::vector<const api::Approval*> agreed;
    bool refused = false;

    void add(const api::Approval& approval) {
        if (was_agreed(approval)) agreed.push_back(&approval);
        if (approval.state == "denied") refused = true;
    }
    std::vector<std::string> examples() const {
        std::vector<std::string> out;
        for (const auto* approval : agreed) {
            auto line = as_example(approval->command);
            if (out.size() < kMostExamples && std::ranges::find(out, line) == out.end()) out.push_back(std::move(line));
        }
        return out;
    }
};
using Groups = std::map<std::string, Group>;

// Commands that one template could cover: the same place, rule, program, options and number of words.
std::string place_of(const api::Approval& approval) {
    std::string key = approval.principal + '\n' + approval.cwd + '\n' + approval.verdict.rule + '\n' +
                      std::to_string(approval.command.size());
    for (const auto& word : approval.command)
        if (&word == &approval.command.front() || word.starts_with('-')) (key += '\n') += word;
    return key;
}

std::string place_for(const std::vector<const api::Approval*>& agreed, std::size_t at) {
    std::set<std::string> seen;
    for (const auto* approval : agreed) seen.insert(approval->command[at]);
    if (seen.size() == 1) return *seen.begin();
    if (std::ranges::all_of(seen, is_number)) return "<number>";
    return std::ranges::all_of(seen, is_word) ? "<word>" : "";
}

// The words that were the same, and places for those that were not; empty when there is no such template.
std::vector<std::string> common(const std::vector<const api::Approval*>& agreed) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < agreed.front()->command.size(); ++i) out.push_back(place_for(agreed, i));
    const auto parsed = parse_template(out);
    const bool good = parsed && std::ranges::find(out, "") == out.end();
    return good ? out : std::vector<std::string>{};
}

void add_grants(std::vector<api::Suggestion>& out, const Groups& groups) {
    for (const auto& [key, group] : groups) {
        if (group.refused || group.agreed.size() < kOften) continue;
        const auto& first = *group.agreed.front();
        const bool can = std::ranges::all_of(group.agreed, [](const auto* one) {
            return one->offer && !one->offer->refused && !one->command.empty() && !is_masked(*one);
        });
        if (!can || !may_repeat(first)) continue;
        const auto words = common(group.agreed);
        if (words.empty()) continue;
        out.push_back({group.agreed.size() - 1, first.verdict.rule, "grant", in_one_line(words), group.examples()});
    }
}

std::string id_line(const std::string& rule) {
    const auto at = rule.find("\nid = ");
    return at == std::string::npos ? "" : rule.substr(at + 1, rule.find('\n', at + 1) - at - 1);
}

// A rule without its examples: what is the same for commands that it treats alike.
std::string without_examples(const std::string& rule) {
    const auto at = rule.find("\n" + std::string(kMatch));
    if (at == std::string::npos) return rule;
    const auto end = rule.find('\n', at + 1);
    return rule.substr(0, at) + (end == std::string::npos ? "" : rule.substr(end));
}

std::string example_of(const std::string& rule) {
    const auto at = rule.find("\n" + std::string(kMatch));
    if (at == std::string::npos) return {};
    const auto from = at + 1 + kMatch.size();
    const auto end = rule.find('\n', from);
    const auto line = rule.substr(from, end == std::string::npos ? end : end - from);
    return line.ends_with(']') ? line.substr(0, line.size() - 1) : "";
}

// The rule with the examples of all that it would have let pass.
std::string with_examples(const Group& group) {
    auto rule = *group.agreed.front()->verdict.change;
    const auto at = rule.find("\n" + std::string(kMatch));
    if (at == std::string::npos) return rule;
    std::set<std::string> seen;
    std::string list;
    for (const auto* approval : group.agreed) {
        auto example = example_of(*approval->verdict.change);
        if (example.empty() || seen.size() == kMostExamples || !seen.insert(example).second) continue;
        list += (list.empty() ? "" : ", ") + example;
    }
    const auto end = rule.find('\n', at + 1);
    return rule.substr(0, at + 1) + std::string(kMatch) + list + "]" +
           (end == std::string::npos ? "" : rule.substr(end));
}

void add_rules(std::vector<api::Suggestion>& out, const Groups& groups) {
    for (const auto& [key, group] : groups) {
        if (group.refused || group.agreed.size() < kOften || !may_repeat(*group.agreed.front())) continue;
        const auto& first = *group.agreed.front();
        out.push_back({group.agreed.size(), first.verdict.rule, "rule", with_examples(group), group.examples()});
    }
}

// Two rules of one file have two names.
void name_apart(std::vector<api::Suggestion>& all) {
    std::map<std::string, int> seen;
    for (auto& one : all) {
        if (one.kind != "rule") continue;
        const auto line = id_line(one.text);
        const auto count = ++seen[line];
        if (line.empty() || count == 1 || !line.ends_with('"')) continue;
        const auto at = one.text.find(line);
        one.text.replace(at + line.size() - 1, 1, "-n" + std::to_string(count) + "\"");
    }
}

} // namespace

std::vector<api::Suggestion> suggest(std::span<const api::Approval> answered) {
    Groups places, rules;
    for (const auto& approval : answered) {
        places[place_of(approval)].add(approval);
        const auto& change = approval.verdict.change;
        // One rule each: several of one command stand or fall together, and belong to a person.
        if (change && change->starts_with("[[rule]]") && change->find("[[rule]]", 1) == std::string::npos)
            rules[without_examples(*change)].add(approval);
    }
    std::vector<api::Suggestion> out;
    add_grants(out, places);
    add_rules(out, rules);
    std::ranges::stable_sort(out, std::ranges::greater{}, &api::Suggestion::spares);
    if (out.size() > kMostSuggestions) out.resize(kMostSuggestions);
    name_apart(out);
    return out;
}

} // namespace owhale::approvals
