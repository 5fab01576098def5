// owhalectl exec: one more command in the cage of a run that is running.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/environment.hpp"
#include "cli/foreground.hpp"
#include "cli/messages.hpp"
#include "cli/run_options.hpp"
#include "cli/terminal.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string run, description;
    bool tty = false, no_stdin = false, interactive = false;
    std::vector<std::string> words;
};

Result<api::ExecRequest> request_of(Arguments& arguments) {
    if (arguments.words.empty())
        return fail(Code::bad_request, "there is nothing to run", "owhalectl exec RUN -- CMD [ARG…]");
    CHECK(check_words(arguments.words));
    CHECK(check_terminal(arguments.tty, arguments.no_stdin));
    api::ExecRequest request;
    request.argv = std::move(arguments.words);
    request.attach = true;
    request.description = TRY(description_of(arguments.description));
    request.stdin_open = !arguments.no_stdin;
    if (!arguments.tty) return request;
    request.tty = true;
    if (const auto term = own_variable("TERM")) request.env = Variables{{"TERM", *term}};
    if (const auto size = window_size(); size && size->rows > 0 && size->columns > 0) {
        request.rows = size->rows;
        request.cols = size->columns;
    }
    return request;
}

Result<int> run(Context& context, Arguments& arguments) {
    const auto request = TRY(request_of(arguments));
    Attachment attachment{.tty = arguments.tty, .stdin_open = request.stdin_open.value_or(false)};
    const auto id = TRY(context.run_id(arguments.run));
    attachment.create = Call{.verb = "runs.exec", .id = id, .body = write(request)};
    return attend_run(context, std::move(attachment));
}

} // namespace

void declare_exec(Command root) {
    auto command = root.sub("exec", "Run a command in a running run's cage");
    auto arguments = std::make_shared<Arguments>();
    command.positional("RUN", arguments->run, "the run", Kind::run_id);
    command.flag("-t,--tty", arguments->tty, "give the command a terminal");
    command.flag("-n,--no-stdin", arguments->no_stdin, "do not forward stdin");
    command.flag("-i,--interactive", arguments->interactive, "accepted as in docker: stdin is forwarded anyway");
    command.option("--description", arguments->description, "TEXT", "should somebody be asked: your words for them");
    command.tail(arguments->words, "[--] CMD [ARG…]", "the command; its options are its own", 1);
    command.handler([arguments](Context& context) { return run(context, *arguments); }, Exits::like_run);
}

} // namespace owhale::cli
