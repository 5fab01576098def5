// owhalectl code: a program given as text, in a cage.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/foreground.hpp"
#include "cli/messages.hpp"
#include "cli/run_options.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostCode = 900 << 10; // leaves room in the body's 1 MiB

struct Arguments {
    RunOptions options;
    std::string language, text;
    std::vector<std::string> words;
};

Status set_code(api::RunRequest& request, Arguments& arguments) {
    request.language = arguments.language;
    auto& words = arguments.words;
    if (!arguments.text.empty()) {
        request.code = arguments.text;
    } else if (!words.empty()) {
        request.code = TRY(read_text(words.front(), kMostCode, "the program"));
        if (words.front() == "-") request.stdin_open = false; // stdin was the program
        words.erase(words.begin());
    } else {
        return fail(Code::bad_request, "there is no program",
                    "owhalectl code " + arguments.language + " -c TEXT, or a file, or - for stdin");
    }
    if (!words.empty()) request.args = words;
    return {};
}

Result<int> run(Context& context, Arguments& arguments) {
    CHECK(check_words(arguments.words));
    const bool far = TRY(context.where()).host.has_value();
    auto request = TRY(request_of(arguments.options, context.globals().quiet, far));
    CHECK(set_code(request, arguments));
    return create_run(context, request, arguments.options);
}

} // namespace

void declare_code(Command root) {
    auto command = root.sub("code", "Run a program given as text: python, javascript, typescript, bash, perl or ruby");
    auto arguments = std::make_shared<Arguments>();
    declare(command, arguments->options);
    command.positional("LANG", arguments->language, "the language", Kind::choice,
                       {"python", "javascript", "typescript", "bash", "perl", "ruby"});
    command.option("-c,--code", arguments->text, "TEXT", "the program; stdin is then its own");
    command.tail(arguments->words, "[FILE|-] [ARG…]", "the program's file, unless -c gives it, and its arguments", 1);
    command.handler([arguments](Context& context) { return run(context, *arguments); }, Exits::like_run);
}

} // namespace owhale::cli
