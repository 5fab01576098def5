// owhalectl freeze, thaw: the red button. It holds what runs still and lets nothing start, until a person lets it go on.
#include <ctime>
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string principal, why;
    bool password_stdin = false;
};

// As people say it.
std::string whom(const std::string& principal) {
    return principal == "*" ? "everybody" : principal;
}

std::string runs(std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " run is" : " runs are") + " held still";
}

// "everybody" is the word of the output, and so it is taken as well.
std::string named(const std::string& principal) {
    return principal == "everybody" ? "*" : principal;
}

Result<int> freeze(Context& context, const Arguments& arguments) {
    api::FreezeRequest request;
    if (!arguments.principal.empty()) request.principal = named(arguments.principal);
    if (!arguments.why.empty()) request.reason = arguments.why;
    const auto body = TRY(context.ask({.verb = "freeze.set", .body = write(request)}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto frozen = TRY(read_freeze(body));
    for (const auto& weaker : frozen.weaker) note("weaker: " + weaker);
    if (context.globals().quiet) return kOk;
    CHECK(print(whom(frozen.principal) + " is frozen: nothing starts, " + runs(frozen.runs) + "\n"));
    note("owhalectl thaw" + (frozen.principal == "*" ? "" : " --principal " + frozen.principal) + " lets it go on");
    return kOk;
}

Result<int> list(Context& context) {
    const auto body = TRY(context.ask({.verb = "freeze.list"}));
    if (TRY(context.printed_json(body, "freezes"))) return kOk;
    const auto all = TRY(read_freezes(body)).freezes;
    Table table({"PRINCIPAL", "AGE", "BY", "REASON"}, 3);
    std::string names;
    for (const auto& one : all) {
        names += one.principal + "\n";
        table.row({{whom(one.principal), Tone::bad},
                   {format_age(one.since, std::time(nullptr)), Tone::dim},
                   {one.by},
                   {one.reason.value_or("-")}});
    }
    CHECK(print(context.globals().quiet ? names : table.text(context.look())));
    return kOk;
}

Result<int> thaw(Context& context, const Arguments& arguments) {
    CHECK(prove_from_stdin(context, arguments.password_stdin));
    const auto principal = arguments.principal.empty() ? "*" : named(arguments.principal);
    Call call{.verb = "freeze.thaw", .act = "let " + whom(principal) + " go on"};
    call.query = {{"principal", principal}};
    const auto body = TRY(context.ask(std::move(call)));
    if (TRY(context.printed_json(body, "freezes"))) return kOk;
    const auto left = TRY(read_freezes(body)).freezes;
    if (!context.globals().quiet) CHECK(print(whom(principal) + " goes on\n"));
    for (const auto& one : left) note("still frozen: " + whom(one.principal) + ", by " + one.by);
    return kOk;
}

} // namespace

void declare_freeze(Command root) {
    auto command = root.sub("freeze", "Hold runs still and start no more: of a principal, or of everybody");
    auto arguments = std::make_shared<Arguments>();
    command.option("--principal", arguments->principal, "P", "unix:UID or user:NAME; without it, everybody");
    command.option("-m,--message", arguments->why, "WHY", "the reason, for whoever meets it");
    command.sub("ls", "List who is frozen").handler(list);
    command.handler([arguments](Context& context) { return freeze(context, *arguments); });
}

void declare_thaw(Command root) {
    auto command = root.sub("thaw", "Let what was frozen go on");
    auto arguments = std::make_shared<Arguments>();
    command.option("--principal", arguments->principal, "P", "as it was frozen; without it, everybody");
    declare_proof(command, arguments->password_stdin);
    command.handler([arguments](Context& context) { return thaw(context, *arguments); });
}

} // namespace owhale::cli
