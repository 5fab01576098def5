// Parameters and the operators on them (XCU 2.6.2, and bash's), over known texts.
#include <algorithm>

#include "policy/normal/expansion.hpp"
#include "policy/normal/paths.hpp"
#include "policy/normal/shell_pattern.hpp"

namespace owhale::policy::normal {
namespace {

bool is_known(std::string_view text) {
    return text.find('\0') == std::string_view::npos;
}

std::string cased(std::string text, const std::string& op) {
    const bool all = op.size() == 2;
    for (std::size_t at = 0; at < text.size() && (all || at == 0); ++at) {
        char& c = text[at];
        if (op[0] == '^' && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        if (op[0] == ',' && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (op[0] == '~' && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) c = static_cast<char>(c ^ 0x20);
    }
    return text;
}

// Variables that a run has without being told, where Facts do not tell better: what texts that cut letters out of them count on; numbers and the like are one name of whatever value.
struct Given {
    std::string_view name, value;
};
constexpr Given kGiven[] = {{"RANDOM", kAnyName},
                            {"SRANDOM", kAnyName},
                            {"SECONDS", kAnyName},
                            {"EPOCHSECONDS", kAnyName},
                            {"EPOCHREALTIME", kAnyName},
                            {"LINENO", kAnyName},
                            {"UID", kAnyName},
                            {"EUID", kAnyName},
                            {"PPID", kAnyName},
                            {"BASHPID", kAnyName},
                            {"SHLVL", kAnyName},
                            {"HOSTNAME", kAnyName},
                            {"HOSTTYPE", kAnyName},
                            {"OSTYPE", "linux-gnu"},
                            {"BASH_VERSION", kAnyName},
                            {"COLUMNS", kAnyName},
                            {"LINES", kAnyName},
                            {"TMPDIR", "/tmp"},
                            {"SHELL", "/bin/bash"},
                            {"BASH", "/bin/bash"},
                            {"IFS", " "},
                            {"OPTIND", kAnyName},
                            {"PIPESTATUS", kAnyName},
                            {"REPLY", kHole},
                            {"USER", kAnyName},
                            {"LOGNAME", kAnyName},
                            {"TERM", kAnyName},
                            {"LANG", kAnyName},
                            {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                            {"MAIL", {"/var/\0!", 7}},
                            {"PS4", "+ "},
                            {"PS2", "> "},
                            {"GITHUB_SHA", kAnyName},
                            {"XDG_RUNTIME_DIR", {"/run/user/\0!", 12}},
                            {"CI", kAnyName}};

constexpr Given kBelowHome[] = {{"XDG_CONFIG_HOME", "/.config"},
                                {"XDG_CACHE_HOME", "/.cache"},
                                {"XDG_DATA_HOME", "/.local/share"},
                                {"XDG_STATE_HOME", "/.local/state"},
                                {"GNUPGHOME", "/.gnupg"},
                                {"CARGO_HOME", "/.cargo"},
                                {"RUSTUP_HOME", "/.rustup"},
                                {"GOPATH", "/go"},
                                {"NVM_DIR", "/.nvm"},
                                {"PYENV_ROOT", "/.pyenv"},
                                {"KUBECONFIG", "/.kube/config"},
                                {"DOCKER_CONFIG", "/.docker"},
                                {"AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials"},
                                {"PASSWORD_STORE_DIR", "/.password-store"}};

} // namespace

const std::string& Expander::choose(const std::string& name, const Cell& cell) {
    static const std::string kUnknown(kHole), kEmpty;
    if (cell.values.empty()) return kEmpty;
    if (cell.values.size() == 1) return cell.values.front();
    const auto chosen = choices.find(name);
    if (chosen != choices.end()) return chosen->second < cell.values.size() ? cell.values[chosen->second] : kUnknown;
    met[name] = cell.values.size();
    return cell.values.front();
}

Expander::Looked Expander::special(const std::string& name, Span span, bool& is_special) {
    is_special = true;
    const Cell* arguments = state_.get("@");
    if (name == "@" || name == "*") {
        Looked looked{true, "", {}, true};
        if (arguments != nullptr) looked.list = arguments->elements;
        return looked;
    }
    if (name == "#")
        return {true, arguments == nullptr ? std::string(kAnyName) : std::to_string(arguments->elements.size())};
    if (name == "!" || name == "$") return {true, "$" + name}; // a process of its own: as it is written
    if (name == "?" || name == "-") return {true, std::string(kAnyName)};
    if (name == "_") return {true, hole(span, "$_ is known only when it runs")};
    if (name == "0") {
        const Cell* zero = state_.get("v:0");
        return {true, zero != nullptr ? zero->values.front() : std::string(kAnyName)};
    }
    if (name.find_first_not_of("0123456789") == std::string::npos && !name.empty()) {
        const std::size_t index = name.size() > 4 ? 9999 : std::stoul(name);
        if (arguments == nullptr) return {true, hole(span, "$" + name + " is known only when it runs")};
        taint.add(arguments->taint);
        if (index > arguments->elements.size()) return {false, ""};
        return {true, arguments->elements[index - 1]};
    }
    is_special = false;
    return {};
}

Expander::Looked Expander::look_name(const std::string& name, Span span) {
    bool is_special = false;
    Looked looked = special(name, span, is_special);
    if (is_special) return looked;
    if (const Cell* other = state_.get("R:" + name); other != nullptr && depth_ < 16) { // declare -n
        const auto& target = other->values.front();
        if (!is_known(target) || target == name)
            return {true, hole(span, "a name of a variable is known only when it runs")};
        put_together = true;
        depth_ += 2;
        auto through = look_name(target, span);
        depth_ -= 2;
        return through;
    }
    if (const Cell* cell = state_.get("v:" + name)) {
        taint.add(cell->taint);
        if (cell->array) return {!cell->elements.empty(), cell->elements.empty() ? "" : cell->elements.front()};
        const std::string& text = choose(name, *cell);
        if (!is_known(text) && !cell->reason.empty()) opaque.push_back({span, cell->reason});
        return {true, text};
    }
    if (name == "PWD" || name == "OLDPWD") {
        const Cell* cwd = state_.get(name == "PWD" ? "." : "-");
        return {true, cwd != nullptr && !cwd->values.empty() ? cwd->values.front() : facts_.cwd};
    }
    if (name == "HOME" && !facts_.home.empty()) return {true, facts_.home};
    if (name == "HISTFILE" && !facts_.home.empty()) return {true, facts_.home + "/.bash_history"};
    for (const auto& row : kBelowHome) // where they are, unless somebody says otherwise
        if (row.name == name && !facts_.home.empty() && !facts_.env.contains(name))
            return {true, facts_.home + std::string(row.value)};
    if (const auto found = facts_.env.find(name); found != facts_.env.end()) return {true, found->second};
    if (name == "PPID") unknown.insert(name); // rules may name the parent: it is never a run's own
    for (const auto& row : kGiven)
        if (row.name == name) return {true, std::string(row.value)};
    unknown.insert(name);
    return {false, hole(span, "$" + name + " is known only when it runs")};
}

Expander::Looked Expander::element(const Cell& cell, const shell::Parameter& parameter, Span span) {
    const Value given = single(*parameter.index);
    const std::string_view index = given.text;
    if (index == "@" || index == "*") {
        Looked looked{true, "", {}, true};
        looked.list = cell.array ? cell.elements : cell.values;
        return looked;
    }
    const auto number = run_arithmetic(index, {});
    if (!is_known(number) || !cell.array)
        return {true, hole(span, "an element of an array is known only when it runs")};
    const long at =
        std::stol(number) < 0 ? static_cast<long>(cell.elements.size()) + std::stol(number) : std::stol(number);
    if (at < 0 || at >= static_cast<long>(cell.elements.size())) return {false, ""};
    return {true, cell.elements[static_cast<std::size_t>(at)]};
}

Expander::Looked Expander::look(const shell::Parameter& parameter, Span span) {
    std::string name = parameter.name;
    if (parameter.indirect) {
        name = look_name(name, span).text;
        look_in_arithmetic(name, true);
        put_together = true;
        if (!is_known(name) || name.empty())
            return {true, hole(span, "a name of a variable is known only when it runs")};
    }
    if (parameter.index) {
        look_in_arithmetic(single(*parameter.index).text,
                           true); // what it runs is seen, even where there is no such array
        if (const Cell* cell = state_.get("v:" + name)) {
            taint.add(cell->taint);
            return element(*cell, parameter, span);
        }
        if (name != "PIPESTATUS" && name != "BASH_REMATCH" && name != "COMP_WORDS" && name != "FUNCNAME" &&
            name != "BASH_VERSINFO" && name != "BASH_SOURCE")
            return {false, hole(span, "$" + name + " is known only when it runs")};
        return {true, std::string(name == "BASH_REMATCH" ? kHole : kAnyName)};
    }
    const auto before = opaque.size();
    Looked looked = look_name(name, span);
    const bool has_default = !parameter.op.empty() && parameter.op.find_first_of("-=+?") != std::string::npos;
    if (has_default && !looked.set) opaque.resize(std::min(before, opaque.size()));
    return looked;
}

std::string Expander::argument(const shell::Parameter& parameter, std::size_t index) {
    return index < parameter.arguments.size() ? single(parameter.arguments[index]).text : "";
}

// A variable that nothing is known of counts as unset for these: what a text cannot set, it cannot choose.
std::string Expander::operate(const shell::Parameter& parameter, Looked looked, Span span, bool& none) {
    none = false;
    const std::string& op = parameter.op;
    if (op.empty()) return looked.text;
    const bool colon = op.size() == 2 && op[0] == ':';
    const bool there = looked.set && !(colon && looked.text.empty());
    if (op == ":-" || op == "-") return there ? looked.text : argument(parameter, 0);
    if (op == ":+" || op == "+") return there ? argument(parameter, 0) : "";
    if (op == ":?" || op == "?") return looked.text;
    if (op == ":=" || op == "=") {
        if (there) return looked.text;
        std::string text = argument(parameter, 0);
        state_.set("v:" + parameter.name, text, taint);
        return text;
    }
    if (op == "length") {
        if (looked.several) return std::to_string(looked.list.size());
        return is_known(looked.text) ? std::to_string(looked.text.size()) : std::string(kAnyName);
    }
    put_together = true;
    if (op == ":") return substring(parameter, looked.text, span);
    return change(parameter, looked.text, span);
}

std::string Expander::substring(const shell::Parameter& parameter, const std::string& text, Span span) {
    const auto number = [&](std::size_t index, long missing) -> std::optional<long> {
        if (index >= parameter.arguments.size()) return missing;
        const std::string value = run_arithmetic(argument(parameter, index), {});
        if (!is_known(value) || value.size() > 9) return std::nullopt;
        return std::stol(value);
    };
    const auto from = number(0, 0);
    const auto count = number(1, static_cast<long>(text.size()));
    const auto known = static_cast<long>(std::min(text.find('\0'), text.size()));
    const bool whole = known == static_cast<long>(text.size());
    if (!from || !count) return hole(span, "a part of a variable is known only when it runs");
    const long start = *from < 0 ? known + *from : *from;
    const long end = *count < 0 ? known + *count : start + *count;
    if (!whole && (*from < 0 || *count < 0 || end > known || parameter.arguments.size() < 2))
        return hole(span, "a part of a variable is known only when it runs");
    if (start < 0 || start >= known || end <= start) return "";
    return text.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(std::min(end, known) - start));
}

std::string Expander::change(const shell::Parameter& parameter, const std::string& text, Span span) {
    const std::string& op = parameter.op;
    const std::string with = parameter.arguments.empty() ? "" : pattern(parameter.arguments[0]);
    const bool trims = op[0] == '#' || op[0] == '%';
    // A name without its ending is a name still.
    if (!is_known(text) && trims && text.find(kHole) == std::string::npos) return text;
    if (!is_known(text) || !is_known(with) || text.size() > kMaxPatternText || with.size() > 256)
        return hole(span, "a changed variable is known only when it runs");
    if (op == "#" || op == "##") return strip_prefix(with, text, op.size() == 2);
    if (op == "%" || op == "%%") return strip_suffix(with, text, op.size() == 2);
    if (op[0] == '/') {
        if (text.size() > 512) return hole(span, "a changed variable is known only when it runs");
        return replace_pattern(with, argument(parameter, 1), text, op == "//",
                               op.size() == 2 && op[1] != '/' ? op[1] : '\0');
    }
    if (op[0] == '^' || op[0] == ',' || op[0] == '~') return cased(text, op);
    if (op == "@U") return cased(text, "^^");
    if (op == "@L") return cased(text, ",,");
    if (op == "@u") return cased(text, "^");
    if (op == "@Q" || op == "@E") return text;
    if (op == "@P") substituter_.expand_again(text, span);
    return hole(span, "a changed variable is known only when it runs");
}

} // namespace owhale::policy::normal
