#include "cli/policy_import.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <map>
#include <optional>

#include "cli/policy_permissions.hpp"
#include "policy/decide.hpp"
#include "policy/normal/normalize.hpp"
#include "policy/toml_text.hpp"

namespace owhale::cli {
namespace {

namespace json = boost::json;
using policy::toml_string;
using policy::toml_words;

constexpr std::size_t kMostRules = 2'000;

std::string id_of(const RuleDraft& draft) {
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

std::string text_of(const RuleDraft& draft) {
    std::string out =
        "[[rule]]\nid = " + toml_string(draft.id) + "\ndecision = " + toml_string(draft.decision) +
        "\nreason = " + toml_string("Claude Code's settings " + draft.decision + " " + draft.whole + ".") + "\n" +
        draft.conditions;
    if (!draft.overrides.empty()) out += "overrides = " + toml_words(draft.overrides) + "\n";
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
            take(parse_permission(decision, std::string(one.get_string())));
        }
        return {};
    }

    void leave(const std::string& what, const std::string& why) { out_.left.push_back(what + ": " + why); }

    void take(const Permission& permission) {
        if (out_.kept >= kMostRules)
            return leave(permission.decision + " " + permission.whole, "more than 2,000 rules");
        auto outcome = import_permission(permission);
        if (!outcome.left.empty()) leave(permission.decision + " " + permission.whole, outcome.left);
        bool kept = false;
        for (auto& draft : outcome.drafts) kept = take(std::move(draft)) || kept;
        if (kept) ++out_.kept;
    }

    bool take(RuleDraft draft) {
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

    static void add(std::vector<std::string>& to, const std::string& id) {
        if (std::ranges::find(to, id) == to.end()) to.push_back(id);
    }

    // There it would have been allowed without a question.
    void override_asked(RuleDraft& draft) {
        const auto verdict = judged(draft.match);
        for (const auto& finding : verdict.findings) {
            const auto& id = finding.rule->id;
            if (finding.decision == policy::Decision::deny)
                leave(draft.decision + " " + draft.whole,
                      "the shipped rule " + id + " still denies it; a rule of yours may override it");
            if (finding.decision != policy::Decision::ask || id == "default") continue;
            add(draft.overrides, id);
            for (const auto& other : finding.rule->overrides) add(draft.overrides, other); // they would stand again
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

    policy::Verdict judged(const std::string& script) const {
        policy::Request request;
        request.script = script;
        const auto facts = example_place();
        return policy::judge(*shipped_, policy::normalize(request, facts), facts, policy::Mode::local);
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
