// owhalectl run: a command, or a script, in a cage.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/foreground.hpp"
#include "cli/messages.hpp"
#include "cli/run_options.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostScript = 900 << 10; // leaves room in the body's 1 MiB

struct Arguments {
    RunOptions options;
    std::string script;
    std::vector<std::string> words;
};

Status set_command(api::RunRequest& request, Arguments& arguments) {
    if (arguments.script.empty()) {
        if (arguments.words.empty())
            return fail(Code::bad_request, "there is nothing to run",
                        "owhalectl run CMD [ARG…], or owhalectl run --script TEXT");
        request.argv = std::move(arguments.words);
        return {};
    }
    if (arguments.script == "-") {
        request.script = TRY(read_text("-", kMostScript, "the script"));
        request.stdin_open = false; // stdin was the script
    } else {
        request.script = arguments.script;
    }
    if (!arguments.words.empty()) request.args = std::move(arguments.words);
    return {};
}

Result<int> run(Context& context, Arguments& arguments) {
    CHECK(check_words(arguments.words));
    const bool far = TRY(context.where()).host.has_value();
    auto request = TRY(request_of(arguments.options, context.globals().quiet, far));
    CHECK(set_command(request, arguments));
    return create_run(context, request, arguments.options);
}

} // namespace

void declare_run(Command root) {
    auto command = root.sub("run", "Run a command or a script in a cage; its output is live and its exit code is ours");
    auto arguments = std::make_shared<Arguments>();
    declare(command, arguments->options);
    command.option("--script", arguments->script, "TEXT",
                   "run this shell script instead of a command; - reads it from stdin");
    command.tail(arguments->words, "[--] CMD [ARG…]", "the command; its options are its own");
    command.handler([arguments](Context& context) { return run(context, *arguments); }, Exits::like_run);
}

} // namespace owhale::cli
