// The tree's order, and the options of the whole tool.
#include "cli/commands/all.hpp"

#include <algorithm>
#include <array>

namespace owhale::cli {
namespace {

void declare_runs(Command root) {
    auto runs = root.sub("runs", "Look at runs and steer them");
    for (const auto declare :
         {declare_runs_ls, declare_runs_show, declare_runs_logs, declare_runs_attach, declare_runs_wait,
          declare_runs_signal, declare_runs_kill, declare_runs_why, declare_runs_rm, declare_runs_prune})
        declare(runs);
}

void declare_policy(Command root) {
    auto policy = root.sub("policy", "What would be allowed, and by which rules");
    for (const auto declare :
         {declare_policy_check, declare_policy_explain, declare_policy_rules, declare_policy_test, declare_policy_diff,
          declare_policy_suggest, declare_policy_import, declare_policy_reload})
        declare(policy);
}

struct Row {
    std::string_view name;
    void (*declare)(Command root);
    bool whole_tree = false; // it looks at all the others
};

constexpr std::array kCommands = {
    Row{"run", declare_run},
    Row{"code", declare_code},
    Row{"exec", declare_exec},
    Row{"runs", declare_runs},
    Row{"policy", declare_policy},
    Row{"approvals", declare_approvals},
    Row{"approve", declare_approve},
    Row{"deny", declare_deny},
    Row{"grants", declare_grants},
    Row{"hosts", declare_hosts},
    Row{"box", declare_box},
    Row{"workspaces", declare_workspaces},
    Row{"profiles", declare_profiles},
    Row{"freeze", declare_freeze},
    Row{"thaw", declare_thaw},
    Row{"setup", declare_setup},
    Row{"login", declare_login},
    Row{"logout", declare_logout},
    Row{"whoami", declare_whoami},
    Row{"passwd", declare_passwd},
    Row{"users", declare_users},
    Row{"sessions", declare_sessions},
    Row{"tokens", declare_tokens},
    Row{"pair", declare_pair},
    Row{"devices", declare_devices},
    Row{"secrets", declare_secrets},
    Row{"audit", declare_audit},
    Row{"agents", declare_agents},
    Row{"hook", declare_hook},
    Row{"mcp", declare_mcp},
    Row{"status", declare_status},
    Row{"doctor", declare_doctor},
    Row{"mode", declare_mode},
    Row{"config", declare_config},
    Row{"metrics", declare_metrics},
    Row{"version", declare_version},
    Row{"completion", declare_completion, true},
    Row{"help", declare_help, true},
};

void declare_options(Command root, Globals& globals) {
    root.option("--socket", globals.socket, "PATH", "owhaled's socket (or OWHALE_SOCKET)", Kind::file);
    root.option("--host", globals.host, "URL",
                "owhaled over TCP: https://HOST:PORT, or http://127.0.0.1:7717 (or OWHALE_HOST)");
    root.option("--fingerprint", globals.fingerprint, "SHA256:HEX",
                "of https: the certificate to believe; remembered for that host");
    root.option("-o,--output", globals.output, "FORMAT", "table, json or jsonl", Kind::choice,
                {"table", "json", "jsonl"});
    root.flag("-q,--quiet", globals.quiet, "ids only; no notes on stderr");
    root.flag("-v,--verbose", globals.verbose, "more columns");
    root.flag("--no-color", globals.no_color, "no colours (or NO_COLOR)");
}

} // namespace

void declare_all(Command root, Globals& globals) {
    declare_options(root, globals);
    for (const auto& row : kCommands) row.declare(root);
}

bool declare_named(Command root, Globals& globals, const std::vector<std::string>& words) {
    declare_options(root, globals);
    bool any = false;
    for (const auto& row : kCommands) {
        if (std::ranges::find(words, row.name) == words.end()) continue;
        if (row.whole_tree) return false;
        row.declare(root);
        any = true;
    }
    return any;
}

} // namespace owhale::cli
