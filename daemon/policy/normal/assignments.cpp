// Assignments, and variables that programs take for code.
#include <algorithm>

#include "policy/normal/substitutions.hpp"

namespace owhale::policy::normal {
namespace {

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789-") == std::string_view::npos;
}

bool names_command(std::string_view array) {
    return array == "BASH_ALIASES" || array == "BASH_CMDS";
}

} // namespace

// BASH_ALIASES[x]=…, BASH_CMDS[x]=…: from then on x is something else.
void Walk::name_command(const std::string& name, const std::string& text, const Taint& taint) {
    if (name.empty() || name.find('\0') != std::string::npos) return;
    state_.set("a:" + name, text, taint);
}

// Variables that programs take for code, or for files of code.
void Walk::follow_variables(Call& call, std::size_t from) {
    constexpr std::string_view kShell[] = {"PROMPT_COMMAND",
                                           "GIT_SSH_COMMAND",
                                           "GIT_PAGER",
                                           "PAGER",
                                           "EDITOR",
                                           "VISUAL",
                                           "GIT_EXTERNAL_DIFF",
                                           "GIT_EDITOR",
                                           "GIT_SEQUENCE_EDITOR",
                                           "LESSOPEN",
                                           "LESSCLOSE",
                                           "MANPAGER",
                                           "BROWSER",
                                           "GIT_PROXY_COMMAND",
                                           "FCEDIT",
                                           "SUDO_EDITOR",
                                           "SYSTEMD_PAGER",
                                           "PSQL_PAGER",
                                           "GIT_ASKPASS",
                                           "SSH_ASKPASS",
                                           "RSYNC_RSH",
                                           "CVS_RSH",
                                           "SVN_SSH",
                                           "SUDO_ASKPASS",
                                           "RUSTC_WRAPPER",
                                           "TAR_OPTIONS_EXEC",
                                           "FZF_DEFAULT_COMMAND"};
    constexpr std::string_view kPrompts[] = {"PS0", "PS1", "PS2", "PS3", "PS4", "RPROMPT", "PROMPT"};
    constexpr std::string_view kFiles[] = {"BASH_ENV", "ENV",        "LD_PRELOAD",  "LD_AUDIT", "PYTHONSTARTUP",
                                           "INPUTRC",  "GCONV_PATH", "GTK_MODULES", "ZDOTDIR"};
    const auto env = at(call.slot).env;
    for (std::size_t i = from; i < env.size() && !stopped(); ++i) {
        const auto& [name, value] = env[i];
        if (value.text.empty() || value.known() == Known::opaque) continue;
        const auto has = [&name](const auto& names) { return std::ranges::find(names, name) != std::end(names); };
        if (has(kFiles)) touch(call.slot, Act::execute, value, false, false);
        if (const Cell* known = name == "BASH_ENV" || name == "ENV" ? file(value.text) : nullptr) {
            Call inner = call;
            inner.taint.add(known->taint);
            const Value text{known->values.size() == 1 ? known->values.front() : std::string(kHole), value.span};
            if (!text.text.empty()) carry_code(inner, "sh", text);
        }
        const bool runs = value.text.find("$(") != std::string::npos || value.text.find('`') != std::string::npos;
        const bool plain = value.text.find_first_of(" ;|&$`<>()/") == std::string::npos;
        const bool shell = has(kShell) || name.ends_with("PAGER"); // BAT_PAGER, AWS_PAGER, …
        if ((shell && !plain) || (has(kPrompts) && runs)) {
            Call inner;
            inner.slot = call.slot;
            inner.argv = {Value{name, value.span}};
            inner.program = name;
            inner.frame = call.frame;
            const std::string text = has(kPrompts) ? ": \"" + value.text + "\"" : value.text;
            code(inner, text, value, name, false);
        }
    }
}

void Walk::assign(const shell::Assignment& assignment, Expander& expander) {
    std::string key = "v:" + assignment.name;
    if (const Cell* other = state_.get("R:" + assignment.name)) key = "v:" + other->values.front(); // declare -n
    const auto before = expander.opaque.size();
    Cell cell;
    const Cell* old = state_.get(key);
    if (assignment.array) {
        cell.array = true;
        if (assignment.append && old != nullptr) cell.elements = old->elements;
        for (const auto& element : assignment.elements) {
            if (element.index && names_command(assignment.name))
                name_command(expander.single(*element.index).text, expander.single(element.value).text, expander.taint);
            const std::string index =
                element.index ? expander.run_arithmetic(expander.single(*element.index).text, {}) : "";
            auto values =
                element.index ? std::vector<Value>{expander.single(element.value)} : expander.fields(element.value);
            const bool at_place = is_number(index) && index.size() < 4 && index[0] != '-';
            if (at_place && std::stoul(index) < 256 && cell.elements.size() <= std::stoul(index))
                cell.elements.resize(std::stoul(index) + 1);
            if (at_place && std::stoul(index) < cell.elements.size())
                cell.elements[std::stoul(index)] = values.empty() ? "" : values[0].text;
            else
                for (auto& value : values) cell.elements.push_back(std::move(value.text));
        }
        if (cell.elements.size() > 1024) cell.elements = {std::string(kHole)};
    } else if (assignment.index) {
        if (old != nullptr) cell = *old;
        if (names_command(assignment.name))
            name_command(expander.single(*assignment.index).text, expander.single(assignment.value).text,
                         expander.taint);
        const std::string index = expander.run_arithmetic(expander.single(*assignment.index).text, {});
        const std::string text = expander.single(assignment.value).text;
        cell.array = true;
        if (is_number(index) && index[0] != '-' && index.size() < 4 && std::stoul(index) < 256) {
            if (cell.elements.size() <= std::stoul(index)) cell.elements.resize(std::stoul(index) + 1);
            cell.elements[std::stoul(index)] = text;
        } else
            cell.elements = {std::string(kHole)};
    } else {
        // Alternatives that stand in the value are alternatives of the variable.
        const auto met = expander.met;
        std::string text = expander.single(assignment.value).text;
        if (expander.met.size() != met.size()) {
            cell.values.clear();
            for (const auto& [name, count] : expander.met)
                for (std::size_t i = 0; i < count && cell.values.size() < kMaxAlternatives; ++i) {
                    expander.choices[name] = i;
                    cell.values.push_back(expander.single(assignment.value).text);
                }
            if (expander.met.size() > 1) cell.values = {std::string(kHole)};
            expander.choices.clear();
            expander.met = met;
        } else
            cell.values = {std::move(text)};
        if (assignment.append && old != nullptr) {
            const std::string front = old->values.size() == 1 ? old->values.front() : std::string(kHole);
            for (auto& value : cell.values) value = front + value;
            if (cell.values.front().size() > (64 << 10)) cell.values = {std::string(kHole)};
        }
    }
    if (state_.get("i:" + assignment.name) != nullptr) // declare -i
        for (const auto& value : cell.values) expander.look_in_arithmetic(value, true);
    cell.taint.add(expander.taint);
    if (expander.opaque.size() > before) cell.reason = expander.opaque.back().reason;
    state_.set(key, std::move(cell));
}

} // namespace owhale::policy::normal
