// git's settings that are code, and what its sub-commands connect to.
#include <algorithm>

#include "policy/normal/letters.hpp"
#include "policy/normal/paths.hpp"
#include "policy/normal/walk.hpp"

namespace owhale::policy::normal {
namespace {

// Keys whose value git hands to a shell. Patterns as of match_glob, over the key in small letters.
constexpr std::string_view kShellKeys[] = {"core.{pager,editor,sshcommand,gitproxy,askpass}",
                                           "core.fsmonitor",
                                           "sequence.editor",
                                           "diff.external",
                                           "diff.*.{textconv,command}",
                                           "filter.*.{clean,smudge,process}",
                                           "merge.*.driver",
                                           "pager.*",
                                           "difftool.*.cmd",
                                           "mergetool.*.cmd",
                                           "gpg.program",
                                           "gpg.*.program",
                                           "credential.helper",
                                           "credential.*.helper",
                                           "interactive.difffilter",
                                           "uploadpack.packobjectshook",
                                           "remote.*.{uploadpack,receivepack,vcs}",
                                           "browser.*.cmd",
                                           "man.*.cmd",
                                           "web.browser",
                                           "trailer.*.{command,cmd}",
                                           "sendemail.*cmd",
                                           "submodule.*.update",
                                           "core.alternaterefscommand",
                                           "receive.procreceiverefs"};

bool is_plain_word(std::string_view value) { // true, false, store, cache, osxkeychain
    return value.find_first_of(" /!;|&$`\\<>()") == std::string_view::npos;
}

bool is_shell_key(std::string_view name) {
    return std::ranges::any_of(kShellKeys, [&](auto pattern) { return match_glob(pattern, name) == Match::yes; });
}

} // namespace

void Walk::apply_git_config(Call& call, const std::string& key, const Value& value) {
    const std::string name = lowered(key);
    if (name.starts_with("alias.")) {
        if (value.text.starts_with('!'))
            carry_code(call, "sh", {value.text.substr(1), value.span});
        else
            carry_code(call, "sh", {"git " + value.text, value.span});
        return;
    }
    if (name == "core.hookspath" || name == "init.templatedir" || name == "include.path")
        return touch(call.slot, Act::execute, value, true, false);
    if (name == "http.proxy" || name == "https.proxy") return;
    if (!is_shell_key(name)) return;
    const bool helper =
        name.ends_with("helper") || name == "core.fsmonitor" || name.ends_with(".update") || name.starts_with("pager.");
    if (helper && is_plain_word(value.text)) return;
    constexpr std::string_view kPlain[] = {
        "cat", "less",          "more",    "delta",     "bat",     "vim",     "vi",          "nvim", "nano", "true",
        ":",   "diff-so-fancy", "less -R", "less -FRX", "less -F", "less -S", "code --wait", "ssh",  "emacs"};
    if (std::ranges::find(kPlain, value.text) != std::end(kPlain)) return;
    carry_code(call, "sh", {value.text.starts_with('!') ? value.text.substr(1) : value.text, value.span});
}

// KEY=NAME: the value stands in a variable.
void Walk::apply_git_config_env(Call& call, const Value& value) {
    const auto equals = value.text.find('=');
    if (equals == std::string::npos) return;
    const std::string name = value.text.substr(equals + 1);
    Value held{std::string(kHole), value.span};
    if (const Cell* cell = state_.get("v:" + name); cell != nullptr && cell->values.size() == 1)
        held.text = cell->values[0];
    for (const auto& [variable, text] : at(call.slot).env)
        if (variable == name) held.text = text.text;
    const std::string key = lowered(value.text.substr(0, equals));
    const bool runs = key.starts_with("alias.") || key == "core.hookspath" || is_shell_key(key);
    if (runs && held.known() != Known::known) return unknown_code(call, value, call.taint);
    apply_git_config(call, value.text.substr(0, equals), held);
}

void Walk::special_git_config(Call& call) {
    const auto& operands = call.arguments.operands;
    const bool reads = call.arguments.has("--get") || call.arguments.has("-l") || call.arguments.has("--list") ||
                       call.arguments.has("--get-all") || call.arguments.has("--get-regexp");
    std::size_t first = !operands.empty() && operands[0].is("set") ? 1 : 0;
    const bool gets = !operands.empty() && (operands[0].is("get") || operands[0].is("list"));
    const bool changes = call.arguments.has("--unset") || call.arguments.has("--unset-all") ||
                         call.arguments.has("--remove-section") || call.arguments.has("--rename-section");
    const std::string where =
        call.arguments.has("--global") ? join_path(facts_.home.empty() ? std::string(kHole) : facts_.home, ".gitconfig")
        : call.arguments.has("--system")
            ? "/etc/gitconfig"
            : join_path(facts_.workspace.empty() || !in_workspace(folders().front()) ? folders().front()
                                                                                     : facts_.workspace,
                        ".git/config");
    const Value* file = call.arguments.value_of("-f");
    const Value path{file != nullptr ? file->text : where, call.argv[0].span};
    if (reads || gets || (operands.size() - first < 2 && !changes))
        return touch(call.slot, Act::read, path, false, false);
    touch(call.slot, Act::write, path, false, false);
    add_fact(call.slot, "writes");
    if (operands.size() - first >= 2) apply_git_config(call, operands[first].text, operands[first + 1]);
}

// What a clone brings was fetched.
void Walk::special_git(Call& call) {
    const auto& operands = call.arguments.operands;
    if (operands.size() != 1 || operands[0].text.starts_with("ext::")) return; // the table has the rest
    std::string name = operands.size() > 1 ? operands[1].text : std::string(base_name(operands[0].text));
    if (name.ends_with(".git")) name.resize(name.size() - 4);
    if (operands.size() == 1)
        if (const auto colon = name.rfind(':'); colon != std::string::npos) name = name.substr(colon + 1);
    const Value folder{name, operands[0].span};
    touch(call.slot, Act::write, folder, true, false);
}

void Walk::apply_ssh_config(Call& call, const Value& value) {
    const auto equals = value.text.find_first_of("= ");
    if (equals == std::string::npos) return;
    const std::string key = lowered(value.text.substr(0, equals));
    const Value rest{value.text.substr(std::min(value.text.find_first_not_of("= ", equals), value.text.size())),
                     value.span};
    if ((key == "proxycommand" && rest.text != "none") || key == "localcommand" || key == "knownhostscommand")
        carry_code(call, "sh", rest);
    else if (key == "identityfile")
        touch(call.slot, Act::read, rest, false, false);
    else if (key == "userknownhostsfile" || key == "controlpath")
        touch(call.slot, Act::write, rest, false, false);
    else if (key == "proxyjump")
        add_host(call, {.name = rest.text.substr(rest.text.rfind('@') + 1), .scheme = "ssh", .span = value.span});
}

} // namespace owhale::policy::normal
