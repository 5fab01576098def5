#include "policy/change.hpp"

#include <algorithm>

#include "policy/toml_text.hpp"

namespace owhale::policy {
namespace {

constexpr std::size_t kMostRules = 8, kLongest = 2'000;
constexpr std::string_view kHome = "/home/user", kProject = "/home/user/project";

bool is_at_or_below(std::string_view path, std::string_view folder) {
    return !folder.empty() && path.starts_with(folder) &&
           (path.size() == folder.size() || path[folder.size()] == '/' || folder == "/");
}

bool known(std::string_view text) {
    return text.find(kHole) == std::string_view::npos;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    if (from.size() < 2 || from == to) return;
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

// Paths and texts as they would be for the person, and in the folder, that examples are about.
class Elsewhere {
public:
    explicit Elsewhere(const Facts& facts) : facts_(facts) {}

    // With its folder as a rule names it.
    std::string pattern(std::string_view path) const {
        if (is_at_or_below(path, facts_.workspace)) return "." + as_pattern(path.substr(facts_.workspace.size()));
        if (is_at_or_below(path, facts_.home)) return "~" + as_pattern(path.substr(facts_.home.size()));
        return as_pattern(path);
    }

    std::string text(std::string text) const {
        replace_all(text, facts_.workspace, kProject);
        const bool inside = is_at_or_below(facts_.workspace, facts_.home);
        if (!inside || facts_.home != kHome) replace_all(text, facts_.home, kHome);
        return text;
    }

    std::string cwd() const {
        if (is_at_or_below(facts_.cwd, facts_.workspace))
            return std::string(kProject) + facts_.cwd.substr(facts_.workspace.size());
        if (is_at_or_below(facts_.cwd, facts_.home)) return std::string(kHome) + facts_.cwd.substr(facts_.home.size());
        return facts_.cwd;
    }

private:
    const Facts& facts_;
};

class Writing {
public:
    Writing(const NormalForm& form, const Facts& facts, const SimpleCommand& command)
        : form_(form), command_(command), elsewhere_(facts) {}

    // Empty when it could not be written.
    std::string rule(const std::vector<std::string>& overrides, const std::string& id, bool host) {
        out_ = "[[rule]]\nid = " + toml_string(id) +
               "\ndecision = \"allow\"\nreason = \"Say here why this is right on this machine.\"\n";
        line("program", {as_pattern(command_.program)});
        if (!command_.sub.empty()) line("sub", {as_pattern(command_.sub)});
        narrowing_ = out_.size();
        options();
        operands();
        const bool bare = out_.size() == narrowing_ && command_.sub.empty();
        paths("within", true);
        paths("reads_within", false);
        hosts();
        if (!overrides.empty()) line("overrides", overrides);
        if (host) out_ += "ceiling = { net = \"host\" }\n";
        out_ += "match = [" + example() + "]\nno_match = [" + other_example(bare) + "]\n";
        return is_utf8_text(form_.text) ? out_ : "";
    }

private:
    void line(std::string_view key, const std::vector<std::string>& words) {
        out_ += std::string(key) + " = " + toml_words(words) + "\n";
    }

    void options() {
        std::vector<std::string> words;
        for (const auto& option : command_.options) {
            auto word = as_pattern(option.name);
            if (!known(option.name)) continue;
            if (option.value && known(option.value->text)) word += "=" + as_pattern(option.value->text);
            if (std::ranges::find(words, word) == words.end()) words.push_back(word);
        }
        if (!words.empty()) line("option_all", words);
    }

    // Those that no path or host stands for.
    void operands() {
        const auto has = [](const auto& list, Span span) {
            return std::ranges::any_of(list, [&](const auto& one) { return one.span == span; });
        };
        std::vector<std::string> words;
        bool needed = false;
        for (const auto& operand : command_.operands) {
            if (!known(operand.text)) break;
            words.push_back(as_pattern(operand.text));
            needed = needed || (!has(command_.accesses, operand.span) && !has(command_.hosts, operand.span));
        }
        if (needed) line("operands", words);
    }

    void paths(std::string_view key, bool changing) {
        std::vector<std::string> words;
        for (const auto& access : command_.accesses) {
            const bool changes = access.act != Act::read && access.act != Act::list && access.act != Act::execute;
            if (changes != changing) continue;
            if (!known(access.path)) return; // no allow rule holds for what is not known
            add(words, elsewhere_.pattern(access.path));
            if (access.recursive) add(words, (access.path == "/" ? "" : elsewhere_.pattern(access.path)) + "/**");
        }
        if (!words.empty()) line(key, words);
    }

    static void add(std::vector<std::string>& to, std::string word) {
        if (std::ranges::find(to, word) == to.end()) to.push_back(std::move(word));
    }

    void hosts() {
        std::vector<std::string> names;
        for (const auto& host : command_.hosts) {
            if (host.listens) continue;
            if (host.name.empty() || !known(host.name)) return;
            add(names, as_pattern(host.name));
        }
        if (names.empty()) return;
        line("except_host", names);
        out_ += "connects = false\n";
    }

    std::string example() const {
        auto text = form_.text;
        if (text.size() > kLongest) text = text.substr(command_.span.begin, command_.span.end - command_.span.begin);
        const auto command = toml_string(elsewhere_.text(std::move(text)));
        const auto cwd = elsewhere_.cwd();
        return cwd == kProject ? command : "{ command = " + command + ", cwd = " + toml_string(cwd) + " }";
    }

    // A command that is near, and that the rule is not about.
    std::string other_example(bool bare) const {
        if (!bare) return toml_string(command_.program);
        return toml_string(command_.program == "true" ? "false" : "true");
    }

    const NormalForm& form_;
    const SimpleCommand& command_;
    Elsewhere elsewhere_;
    std::string out_;
    std::size_t narrowing_ = 0;
};

// "local.allow-git-push".
std::string id_of(const SimpleCommand& command, std::size_t number) {
    std::string id = "local.allow-";
    for (const char c : command.program + (command.sub.empty() ? "" : "-" + command.sub)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        id += plain ? c : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : '-';
    }
    id = id.substr(0, 100);
    return number == 0 ? id : id + "-" + std::to_string(number + 1);
}

std::vector<std::size_t> commands_of(const Verdict& verdict) {
    std::vector<std::size_t> out;
    for (const auto& finding : verdict.findings)
        if (out.size() <= kMostRules && finding.decision == verdict.decision &&
            std::ranges::find(out, finding.command) == out.end())
            out.push_back(finding.command);
    std::ranges::sort(out);
    return out;
}

// The rules in the way, and those that these have overridden so far: they would stand again.
std::vector<std::string> against(const Verdict& verdict, std::size_t command) {
    std::vector<std::string> out;
    const auto add = [&](const std::string& id) {
        if (std::ranges::find(out, id) == out.end()) out.push_back(id);
    };
    for (const auto& finding : verdict.findings) {
        if (finding.command != command || finding.decision == Decision::allow || finding.rule->id == "default")
            continue;
        add(finding.rule->id);
        for (const auto& other : finding.rule->overrides) add(other);
    }
    return out;
}

} // namespace

std::string smallest_change(const NormalForm& form, const Facts& facts, const Verdict& verdict) {
    if (verdict.decision == Decision::allow || form.refused) return {};
    const auto commands = commands_of(verdict);
    if (commands.empty() || commands.size() > kMostRules) return {};
    std::string out;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        const auto& command = form.commands[commands[i]];
        if (command.program.empty() || !known(command.program)) return {};
        const auto overrides = against(verdict, commands[i]);
        const bool host = std::ranges::find(overrides, "net.host") != overrides.end();
        const auto rule = Writing(form, facts, command).rule(overrides, id_of(command, i), host);
        if (rule.empty()) return {};
        out += (out.empty() ? "" : "\n") + rule;
    }
    return out;
}

} // namespace owhale::policy
