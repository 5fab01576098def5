// Writes the normal form as text.
#include "policy/normal/dump.hpp"

namespace owhale::policy {
namespace {

void add(std::string& out, std::string_view title, const std::string& what) {
    if (what.empty()) return;
    out.append(" | ").append(title).append(what);
}

std::string words(const std::vector<std::string>& list) {
    std::string out;
    for (const auto& word : list) out += (out.empty() ? "" : " ") + word;
    return out;
}

std::string access(const Access& access) {
    return std::string(name_of(access.act)) + ":" + shown(access.path) + (access.recursive ? ":r" : "") +
           (access.sent ? ":sent" : "");
}

std::string host(const Host& host) {
    std::string out = host.scheme + "://" + shown(host.name) + (host.port.empty() ? "" : ":" + shown(host.port));
    return out + (host.sends ? ":sends" : "") + (host.listens ? ":listens" : "");
}

} // namespace

std::string_view name_of(Act act) {
    constexpr std::string_view kNames[] = {"read", "list", "write", "remove", "change", "execute", "mount"};
    return kNames[static_cast<std::size_t>(act)];
}

std::string dump(const SimpleCommand& command) {
    std::string out = command.program.empty() ? "?" : command.program;
    if (!command.sub.empty()) out += " " + command.sub;
    for (const auto& option : command.options)
        out += " " + shown(option.name) + (option.value ? "=" + shown(option.value->text) : "");
    std::string operands, accesses, hosts, env, code;
    for (const auto& value : command.operands) operands += (operands.empty() ? "" : " ") + shown(value.text);
    for (const auto& one : command.accesses) accesses += (accesses.empty() ? "" : " ") + access(one);
    for (const auto& one : command.hosts) hosts += (hosts.empty() ? "" : " ") + host(one);
    for (const auto& one : command.env) env += (env.empty() ? "" : " ") + one.name + "=" + shown(one.value.text);
    for (const auto& one : command.code) {
        code += (code.empty() ? "" : " ") + one.language;
        for (const auto& call : one.calls) code += "," + call;
    }
    add(out, "", operands);
    add(out, "", accesses);
    add(out, "host ", hosts);
    add(out, "env ", env);
    add(out, "code ", code);
    add(out, "via ", words(command.via));
    add(out, "fact ", words(command.facts));
    return out;
}

std::string dump(const NormalForm& form) {
    std::string out;
    if (form.refused) out += "refused: " + form.refused->reason + "\n";
    for (const auto& command : form.commands) out += dump(command) + "\n";
    return out;
}

} // namespace owhale::policy
