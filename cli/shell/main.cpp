// owhale-sh: stands where a program expects a shell; what it is given runs as a script through owhaled, in a cage.
#include <array>
#include <csignal>
#include <cstdio>
#include <unistd.h>

#include "cli/exit_codes.hpp"
#include "cli/foreground.hpp"
#include "cli/messages.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"
#include "cli/shell/arguments.hpp"
#include "cli/shell/feeder.hpp"
#include "cli/shell/folder_note.hpp"
#include "cli/shell/request.hpp"
#include "cli/standard_streams.hpp"
#include "cli/terminal.hpp"

namespace {

using namespace owhale;
using namespace owhale::cli;
using namespace owhale::cli::shell;

constexpr auto kHelp =
    "owhale-sh: a shell whose commands run through owhaled, in a cage\n"
    "\n"
    "  owhale-sh [OPTION…] -c SCRIPT [NAME [ARG…]]\n"
    "  owhale-sh [OPTION…] FILE [ARG…]\n"
    "  owhale-sh [OPTION…] [-s [ARG…]]      commands from stdin, or from you on a terminal\n"
    "\n"
    "  -i -l -s, -e -u -x and the others of bash's set, -o NAME, -O NAME, +x; --posix --rcfile FILE --norc "
    "--noprofile\n"
    "\n"
    "  OWHALE_SOCKET, OWHALE_HOST   which owhaled; OWHALE_TOKEN as whom\n"
    "  OWHALE_SH_OPTIONS            options of owhalectl run for each script: --profile build --timeout 10m\n"
    "  OWHALE_SH_ENV                names of further variables to pass on: DATABASE_URL RAILS_*\n"
    "\n"
    "It runs nothing outside a cage: without owhaled it ends with 125, and what is denied with 126. See "
    "owhale-sh(1).\n";

// As a shell says of a command that may not be executed.
bool by_verdict(Code code) {
    static constexpr std::array kCodes = {Code::denied,           Code::approval_required,  Code::approval_denied,
                                          Code::approval_expired, Code::approval_cancelled, Code::frozen};
    return std::ranges::find(kCodes, code) != kCodes.end();
}

int failed(const Error& error) {
    if (error.errnum == EPIPE) return kBySignal + SIGPIPE;
    complain(error);
    if (error.code == Code::bad_request) return kUsage;
    return by_verdict(error.code) ? kCannotExecute : exit_of(error, Exits::like_run);
}

// -c and files get a terminal when all three streams are ours on one: a redirected stderr must stay apart.
bool wants_terminal(const Invocation& invocation) {
    const bool both = is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
    return both && (is_terminal(STDERR_FILENO) || (invocation.from == From::input && invocation.interactive));
}

api::CheckRequest check_of(const api::RunRequest& run) {
    api::CheckRequest check;
    check.cwd = run.cwd;
    check.workspace = run.workspace;
    check.path = run.path;
    check.profile = run.profile;
    check.net = run.net;
    check.home = run.home;
    check.env = run.env;
    return check;
}

void write_rest(const std::string& rest) {
    std::fwrite(rest.data(), 1, rest.size(), stdout);
    std::fflush(stdout);
}

void tell_folder(const FolderNote& note_of_folder, const std::string& file) {
    const auto folder = note_of_folder.folder();
    if (!folder) return; // the script ended before it came so far, as it can in a real shell
    if (const auto written = write_folder(file, *folder); !written) complain(written.error());
}

Result<int> run(const Invocation& invocation, Context& context) {
    const bool terminal = wants_terminal(invocation);
    const auto asked = TRY(asked_of(context, invocation, terminal));
    const auto where = TRY(context.where());
    Attachment attachment{.tty = terminal, .stdin_open = true, .detachable = false};
    attachment.progress = is_terminal(STDERR_FILENO) && invocation.from == From::input;
    attachment.create = Call{.verb = "runs.create", .body = write(asked.request)};
    FolderNote folder;
    if (asked.folder_file) attachment.only_output = [&](std::string piece) { return folder.take(piece); };
    const auto feeder = std::make_shared<Feeder>(where, check_of(asked.request), invocation.interactive);
    if (asked.fed) attachment.input = TRY(feeder->start(STDIN_FILENO));
    const auto end = TRY(attend(where, std::move(attachment)));
    write_rest(folder.rest());
    if (asked.folder_file) tell_folder(folder, *asked.folder_file);
    if (end.how == SessionEnd::How::output_gone) return kBySignal + SIGPIPE;
    if (const auto* failure = feeder->failure()) complain(*failure);
    tell_end_of(end.run);
    if (feeder->refused() && !invocation.interactive) return kCannotExecute;
    return by_verdict(code_of(end.run.code.value_or(""))) ? kCannotExecute : exit_of(end.run);
}

Result<int> called(const std::string& own_name, const std::vector<std::string>& words) {
    auto invocation = TRY(invocation_of(own_name, words));
    if (invocation.from == From::help || invocation.from == From::version) {
        CHECK(print(invocation.from == From::help ? std::string(kHelp)
                                                  : "owhale-sh (owhaled) " OWHALE_VERSION
                                                    ": runs GNU bash's scripts through owhaled, in a cage\n"));
        return kOk;
    }
    if (invocation.from == From::input && is_terminal(STDIN_FILENO) && is_terminal(STDERR_FILENO))
        invocation.interactive = true;
    Tree tree("owhale-sh", "");
    Globals globals;
    Context context(tree, globals);
    return run(invocation, context);
}

} // namespace

int main(int argc, char** argv) {
    if (!fill_standard_descriptors()) return kRefused;
    std::signal(SIGPIPE, SIG_IGN);
    set_program_name("owhale-sh");
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    const auto code = called(argc > 0 ? argv[0] : "owhale-sh", words);
    const int ends = code ? *code : failed(code.error());
    std::fflush(stdout);
    ::_exit(ends); // a thread may still wait for stdin
}
