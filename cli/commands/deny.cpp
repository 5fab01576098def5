// owhalectl deny: refuses a request; its run ends.
#include <memory>

#include "cli/approvals.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/passwords.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string id, why;
    bool password_stdin = false;
};

Result<int> deny(Context& context, const Arguments& arguments) {
    CHECK(prove_from_stdin(context, arguments.password_stdin));
    const auto id = TRY(approval_id(context, arguments.id));
    api::DenyRequest request;
    if (!arguments.why.empty()) request.reason = arguments.why;
    const auto body = TRY(context.ask(
        {.verb = "approvals.deny", .id = id, .body = write(request), .act = "deny request " + short_id(id)}));
    if (!TRY(context.printed_json(body))) CHECK(print(id + "\n"));
    return kOk;
}

} // namespace

void declare_deny(Command parent) {
    auto command = parent.sub("deny", "Refuse a request; its run ends as denied; asks for your password");
    auto arguments = std::make_shared<Arguments>();
    command.positional("ID", arguments->id, "the request: its id, or how that begins or ends", Kind::approval_id);
    command.option("-m,--reason", arguments->why, "WHY", "told to who asked, and kept");
    declare_proof(command, arguments->password_stdin);
    command.handler([arguments](Context& context) { return deny(context, *arguments); });
}

} // namespace owhale::cli
