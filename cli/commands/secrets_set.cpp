// owhalectl secrets set and rotate: a value comes from the terminal, stdin or a file, and never from the command line.
#include <memory>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands/secrets.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/prompt.hpp"
#include "cli/step_up.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string name;
    SecretOptions options;
    ValueSource source;
    bool replace = false;
};

std::string what_next(const api::Secret& secret) {
    if (secret.hosts.empty())
        return "a run reads it with --secret " + secret.name +
               "=env; name a host to keep it from runs: owhalectl secrets set " + secret.name + " --host HOST";
    return "a run uses it with --secret " + secret.name + ", and sees " + secret.placeholder +
           (secret.endpoint_variable
                ? "; $" + *secret.endpoint_variable + " leads to its host, other TLS needs --inspect"
                : "; to a host by https it needs --inspect, too: else the host gets what the run sees");
}

Status print_stored(Context& context, const std::string& body, const std::string& done) {
    if (TRY(context.printed_json(body))) return {};
    const auto secret = TRY(read_secret(body));
    if (context.globals().quiet) return print(secret.name + "\n");
    CHECK(print(secret.name + " " + done + ", version " + std::to_string(secret.version) + "\n"));
    note(what_next(secret));
    return {};
}

Result<bool> is_there(Context& context, const std::string& name) {
    const auto body = context.ask({.verb = "secrets.show", .id = name});
    if (body) return true;
    if (body.error().code == Code::not_found) return false;
    return std::unexpected(body.error());
}

// Whether somebody may have meant it to give a value: no terminal and no /dev/null, nor a pipe that the password has emptied.
bool may_hold_value(int fd, bool password_read) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) return false;
    if (!S_ISFIFO(status.st_mode) && !S_ISREG(status.st_mode) && !S_ISSOCK(status.st_mode)) return false;
    int left = 0;
    return !password_read || (::ioctl(fd, FIONREAD, &left) == 0 && left > 0);
}

std::unexpected<Error> nothing_asked(const std::string& name) {
    return fail(Code::bad_request, "there is a secret " + escaped(name) + " already, and nothing was changed",
                "a new value: owhalectl secrets rotate " + escaped(name) +
                    " (--stdin reads it from a pipe); another place: --host HOST");
}

// Where it would go is said before anything is typed.
Result<int> set(Context& context, const Arguments& arguments) {
    const auto& name = arguments.name;
    CHECK(refuse_argument_value(name, arguments.source.words));
    if (arguments.options.no_hosts && !arguments.options.hosts.empty())
        return fail(Code::bad_request, "--no-host and --host are both given", "give one of them");
    const bool there = TRY(is_there(context, name));
    CHECK(has_account(context.client()));
    if (there && !arguments.replace && !is_named(arguments.source) && !changes(arguments.options))
        return nothing_asked(name);
    const bool values = !there || arguments.replace || is_named(arguments.source);
    auto request = TRY(request_of(name, arguments.options, !there));
    if (!there && !context.globals().quiet) note(described(escaped(name), request));
    if (values) {
        const auto value = TRY(read_value(context, name, arguments.source));
        put_value(value, request.value, request.value_base64);
        if (arguments.replace) request.replace = true;
    } else {
        CHECK(prove_from_stdin(context, arguments.source.password_stdin));
        if (may_hold_value(STDIN_FILENO, arguments.source.password_stdin))
            note("the value stays as it is: stdin was not read; --stdin takes a new one from it");
    }
    Call call{.verb = "secrets.set", .id = name, .body = write(request), .act = "store the secret " + name};
    for (auto* text : {&request.value, &request.value_base64})
        if (*text) wipe(**text);
    const auto body = TRY(context.ask(std::move(call)));
    CHECK(print_stored(context, body, there && !values ? "is changed" : "is stored"));
    return kOk;
}

Result<int> rotate(Context& context, const Arguments& arguments) {
    CHECK(refuse_argument_value(arguments.name, arguments.source.words));
    if (!TRY(is_there(context, arguments.name)))
        return fail(Code::not_found, "there is no secret " + escaped(arguments.name),
                    "`owhalectl secrets ls` lists yours");
    const auto value = TRY(read_value(context, arguments.name, arguments.source));
    api::SecretValue request;
    put_value(value, request.value, request.value_base64);
    Call call{.verb = "secrets.rotate",
              .id = arguments.name,
              .body = write(request),
              .act = "give the secret " + arguments.name + " a new value"};
    for (auto* text : {&request.value, &request.value_base64})
        if (*text) wipe(**text);
    const auto body = TRY(context.ask(std::move(call)));
    CHECK(print_stored(context, body, "has a new value"));
    return kOk;
}

} // namespace

void declare_secrets_set(Command secrets) {
    auto command = secrets.sub("set", "Store a secret, asking for its value; or change where one may go");
    auto arguments = std::make_shared<Arguments>();
    command.positional("NAME", arguments->name, "letters, digits and . _ -, such as OPENAI_API_KEY");
    declare(command, arguments->source);
    declare(command, arguments->options);
    command.flag("--replace", arguments->replace, "give one that is there a new value, too");
    command.handler([arguments](Context& context) { return set(context, *arguments); });
}

void declare_secrets_rotate(Command secrets) {
    auto command = secrets.sub("rotate", "Give a secret a new value; runs that use it send the new one at once");
    auto arguments = std::make_shared<Arguments>();
    command.positional("NAME", arguments->name, "the secret");
    declare(command, arguments->source);
    command.handler([arguments](Context& context) { return rotate(context, *arguments); });
}

} // namespace owhale::cli
