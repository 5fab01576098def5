#include "cli/exit_codes.hpp"

#include <csignal>
#include <cstring>

#include "cli/token_store.hpp"

namespace owhale::cli {
namespace {

int plain_exit(Code code) {
    if (owhale::describe(code).status == 401) return kLogin;
    switch (code) {
    case Code::unreachable:
        return kUnreachable;
    case Code::not_found:
        return kNotFound;
    case Code::step_up_required:
    case Code::password_change_required:
        return kLogin;
    case Code::forbidden:
    case Code::denied:
    case Code::approval_required:
    case Code::approval_denied:
    case Code::approval_expired:
    case Code::frozen:
    case Code::net_host_denied:
        return kDenied;
    case Code::bad_request:
    case Code::unknown_field:
    case Code::invalid_value:
        return kUsage;
    default:
        return kFailed;
    }
}

int run_exit(Code code) {
    if (code == Code::program_not_found) return kProgramNotFound;
    if (code == Code::program_not_executable) return kCannotExecute;
    return kRefused;
}

// "SIGKILL" or "KILL" to 9; 0 when unknown.
int number_of(std::string_view name) {
    if (name.starts_with("SIG")) name.remove_prefix(3);
    for (int number = 1; number < NSIG; ++number) {
        const char* known = ::sigabbrev_np(number);
        if (known != nullptr && name == known) return number;
    }
    return 0;
}

bool never_ran(std::string_view state) {
    return state == "failed" || state == "denied" || state == "expired" || state == "cancelled" || state == "lost";
}

int signaled_exit(const api::Run& run) {
    if (run.exit_code) return *run.exit_code;
    const int number = run.signal ? number_of(*run.signal) : 0;
    return kBySignal + (number > 0 ? number : SIGKILL);
}

} // namespace

int exit_of(const Error& error, Exits exits) {
    return exits == Exits::like_run ? run_exit(error.code) : plain_exit(error.code);
}

int exit_of(const api::Run& run) {
    if (run.state == "exited") return run.exit_code.value_or(0);
    if (run.state == "timed_out") return kTimedOut;
    if (run.state == "signaled" || run.state == "killed" || run.state == "limit_exceeded") return signaled_exit(run);
    return run_exit(code_of(run.code.value_or("")));
}

Error error_of(const api::Run& run) {
    Error error;
    if (!never_ran(run.state)) return error;
    error.code = code_of(run.code.value_or(""));
    error.message = run.error.value_or("the run ended as " + run.state);
    if (run.step && !run.step->empty()) error.message = *run.step + ": " + error.message;
    error.next = std::string(next_step(error.code)) + "; owhalectl runs why " + run.id;
    return error;
}

std::string_view next_step(Code code) {
    if (owhale::describe(code).status == 401 && token_in_environment())
        return "OWHALE_TOKEN is what owhaled was shown: unset it, or set it to a token that holds (owhalectl tokens "
               "add)";
    switch (code) {
    case Code::unauthenticated:
        return "log in: owhalectl login";
    case Code::credentials_wrong:
        return "try again; an administrator can give a new password: owhalectl users reset NAME";
    case Code::token_malformed:
    case Code::token_algorithm:
    case Code::token_unknown_key:
    case Code::token_signature:
    case Code::token_issuer:
    case Code::token_audience:
    case Code::token_expired:
    case Code::token_not_yet_valid:
    case Code::token_revoked:
        return "log in again: owhalectl login; or owhalectl logout, to go on without an account";
    case Code::password_change_required:
        return "owhalectl passwd changes it";
    case Code::password_weak:
        return "8 to 128 characters of any kind, nothing that contains the account's name, none of the most common "
               "ones";
    case Code::step_up_required:
        if (token_in_environment())
            return "a person's login does this, with --password-stdin; an agent's token never: unset OWHALE_TOKEN, and "
                   "owhalectl login";
        return "run it on a terminal, where owhalectl asks for your password, or with --password-stdin";
    case Code::last_admin:
        return "make another one first: owhalectl users role NAME admin";
    case Code::unreachable:
        return "see whether owhaled runs: owhalectl doctor";
    case Code::not_found:
        return "owhalectl runs ls lists the runs there are";
    case Code::forbidden:
        return "owhalectl whoami shows what you may do";
    case Code::program_not_found:
        return "install it, or give its full path; a run has this machine's own programs (there are no images), and "
               "PATH in "
               "the cage lists system and toolchain folders only";
    case Code::program_not_executable:
        return "make it executable (chmod +x), or run it with its interpreter";
    case Code::language_missing:
        return "install the package that the message names";
    case Code::profile_unknown:
        return "owhalectl profiles ls lists them";
    case Code::cwd_missing:
    case Code::cwd_not_directory:
    case Code::cwd_not_accessible:
        return "go to a folder that exists, or name one with -w";
    case Code::workspace_refused:
        return "name a folder of your own below your home with --workspace";
    case Code::limit_over_ceiling:
        return "ask for less, or raise the ceiling in owhaled.conf";
    case Code::approval_denied:
        return "owhalectl approvals show ID says who denied it, and why";
    case Code::approval_expired:
        return "ask again when somebody watches: owhalectl approvals watch";
    case Code::approval_cancelled:
    case Code::approval_ended:
        return "ask again: run the command once more";
    case Code::approval_void:
    case Code::digest_mismatch:
        return "look at it again: owhalectl approvals show ID";
    case Code::frozen:
        return "whoever pressed the red button can thaw it: owhalectl freeze ls, owhalectl thaw";
    case Code::denied:
    case Code::approval_required:
        return "owhalectl policy explain shows how owhaled read it, and which rule decided";
    case Code::net_host_denied:
        return "root can permit it: a line 'net-host UID' in /etc/owhaled/spawner.conf, then restart owhaled "
               "(systemctl restart owhaled); or run it without --net host";
    case Code::run_live:
        return "end it first: owhalectl runs kill ID";
    case Code::run_ended:
        return "owhalectl runs logs ID shows what it wrote";
    case Code::busy:
        return "try again when other runs have ended (owhalectl runs ls)";
    case Code::layer_missing:
    case Code::jail_failed:
    case Code::spawner_unavailable:
    case Code::unsupported:
        return "owhalectl doctor shows what is missing and how to get it";
    case Code::body_too_large:
        return "give less at once: put it into a file of the workspace";
    case Code::rate_limited:
        return "wait a little, then try again";
    case Code::audit_unavailable:
    case Code::state_unavailable:
        return "see owhaled's log and the free space of its state folder (owhalectl status)";
    case Code::bad_request:
    case Code::invalid_value:
    case Code::unknown_field:
        return "owhalectl help COMMAND shows how it is used";
    default:
        return "look at what it names; owhaled's log and owhalectl doctor may show why";
    }
}

} // namespace owhale::cli
