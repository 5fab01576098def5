// Every command of owhalectl: each declares itself below the parent it is given. One file per command in this folder.
#pragma once

#include "cli/context.hpp"
#include "cli/tree.hpp"

namespace owhale::cli {

void declare_run(Command root);
void declare_code(Command root);
void declare_exec(Command root);

void declare_runs_ls(Command runs);
void declare_runs_show(Command runs);
void declare_runs_logs(Command runs);
void declare_runs_attach(Command runs);
void declare_runs_wait(Command runs);
void declare_runs_signal(Command runs);
void declare_runs_kill(Command runs);
void declare_runs_why(Command runs);
void declare_runs_rm(Command runs);
void declare_runs_prune(Command runs);

void declare_policy_check(Command policy);
void declare_policy_explain(Command policy);
void declare_policy_rules(Command policy);
void declare_policy_test(Command policy);
void declare_policy_diff(Command policy);
void declare_policy_import(Command policy);
void declare_policy_reload(Command policy);
void declare_policy_suggest(Command policy);

void declare_approvals(Command root);
void declare_approvals_watch(Command approvals);
void declare_approvals_stats(Command approvals);
void declare_approve(Command parent); // at the top, and below approvals
void declare_deny(Command parent);

void declare_grants(Command root);
void declare_hosts(Command root);
void declare_box(Command root);
void declare_workspaces(Command root);
void declare_profiles(Command root);
void declare_audit(Command root);

void declare_audit_ls(Command audit);
void declare_audit_show(Command audit);
void declare_audit_export(Command audit);
void declare_audit_stats(Command audit);
void declare_audit_verify(Command audit);
void declare_audit_checkpoint(Command audit);

void declare_secrets(Command root);

void declare_freeze(Command root);
void declare_thaw(Command root);

void declare_setup(Command root);
void declare_login(Command root);
void declare_logout(Command root);
void declare_passwd(Command root);
void declare_users(Command root);
void declare_sessions(Command root);
void declare_tokens(Command root);
void declare_devices(Command root);
void declare_pair(Command root);
void declare_pair_new(Command pair);
void declare_pair_join(Command pair);
void declare_pair_ca(Command pair);

void declare_agents(Command root);
void declare_hook(Command root);
void declare_mcp(Command root);

void declare_status(Command root);
void declare_metrics(Command root);
void declare_mode(Command root);
void declare_whoami(Command root);
void declare_doctor(Command root);
void declare_config(Command root);
void declare_completion(Command root);
void declare_version(Command root);
void declare_help(Command root);

void declare_all(Command root, Globals& globals);

} // namespace owhale::cli
