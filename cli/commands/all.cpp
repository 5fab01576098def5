// The tree's order, and the options of the whole tool.
#include "cli/commands/commands.hpp"

namespace owhale::cli {

void declare_all(Command root, Globals& globals) {
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

    declare_run(root);
    declare_code(root);
    declare_exec(root);
    auto runs = root.sub("runs", "Look at runs and steer them");
    declare_runs_ls(runs);
    declare_runs_show(runs);
    declare_runs_logs(runs);
    declare_runs_attach(runs);
    declare_runs_wait(runs);
    declare_runs_signal(runs);
    declare_runs_kill(runs);
    declare_runs_why(runs);
    declare_runs_rm(runs);
    declare_runs_prune(runs);
    declare_box(root);
    declare_profiles(root);
    declare_setup(root);
    declare_login(root);
    declare_logout(root);
    declare_whoami(root);
    declare_passwd(root);
    declare_users(root);
    declare_sessions(root);
    declare_tokens(root);
    declare_audit(root);
    declare_status(root);
    declare_doctor(root);
    declare_mode(root);
    declare_config(root);
    declare_completion(root);
    declare_version(root);
    declare_help(root);
}

} // namespace owhale::cli
