#include "cli/mending.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "cli/escape.hpp"
#include "cli/local_checks.hpp"

namespace owhale::cli {
namespace {

struct Row {
    std::string_view check;
    std::array<std::string_view, 2> commands; // the second may be empty
};

constexpr std::array kModules = {
    std::string_view("sudo modprobe -a nf_tables nft_tproxy"),
    std::string_view("printf '%s\\n' nf_tables nft_tproxy | sudo tee /etc/modules-load.d/owhaled.conf")};

constexpr std::array kRows = {
    Row{"owhaled", {"sudo systemctl enable --now owhaled", ""}},
    Row{"upgrade", {"sudo systemctl restart owhaled", ""}},
    Row{"first password", {"sudo owhalectl setup", ""}},
    Row{"frozen", {"owhalectl freeze ls", "owhalectl thaw"}},
    Row{"supplementary groups", {"sudo systemctl enable --now owhaled", ""}},
    Row{"another uid", {"sudo systemctl enable --now owhaled", ""}},
    Row{"transparent network (IPv4)", kModules},
    Row{"transparent network (IPv6)", kModules},
    Row{"nftables", kModules},
    Row{"udp report", kModules},
};

std::vector<std::string> namespace_commands(const UsernsLimits& limits) {
    std::vector<std::string> out;
    for (const auto& each : hindrances(limits, false)) {
        if (each.setting.empty()) {
            out.push_back("sudo " + each.command);
            continue;
        }
        out.push_back("sudo sysctl -w " + each.setting);
        out.push_back("echo " + each.setting + " | sudo tee -a /etc/sysctl.d/60-owhaled.conf");
    }
    return out;
}

std::vector<std::string> language_commands() {
    const auto packages = missing_language_packages();
    if (packages.empty()) return {};
    std::string command = "sudo apt-get install";
    for (const auto& package : packages) command += " " + package;
    return {command};
}

std::string with_options(std::string_view command, const std::string& asked) {
    constexpr std::string_view kProgram = "owhalectl ";
    std::string out(command);
    if (const auto at = out.find(kProgram); at != std::string::npos && !asked.empty())
        out.insert(at + kProgram.size() - 1, asked);
    return out;
}

std::vector<std::string> commands_for(const std::string& check, const UsernsLimits& limits, const std::string& asked) {
    if (check == "user namespaces" || check == "user namespaces allowed") return namespace_commands(limits);
    if (check == "languages") return language_commands();
    std::vector<std::string> out;
    for (const auto& row : kRows)
        if (row.check == check)
            for (const auto& command : row.commands)
                if (!command.empty()) out.push_back(with_options(command, asked));
    return out;
}

} // namespace

std::vector<Mending> mendings(const std::vector<api::Check>& checks, const UsernsLimits& limits,
                              const std::string& asked) {
    std::vector<Mending> out;
    std::set<std::string> said;
    for (const auto& check : checks) {
        if (check.state == "ok") continue;
        Mending mending{check.name, check.fix, commands_for(check.name, limits, asked)};
        std::erase_if(mending.commands, [&](const auto& command) { return !said.insert(command).second; });
        out.push_back(std::move(mending));
    }
    return out;
}

// The escaped words of a stranger hold no line's end, so none of them leaves its comment.
std::string script(const std::vector<Mending>& mendings) {
    if (mendings.empty()) return "# nothing to mend\n";
    std::string out = "# Nothing of this was run. Read it, then run what you agree to.\n";
    for (const auto& [check, advice, commands] : mendings) {
        out += "\n# " + escaped(check) + (advice.empty() ? "" : ": " + escaped(advice)) + "\n";
        for (const auto& command : commands) out += escaped(command) + "\n";
    }
    return out;
}

} // namespace owhale::cli
