// owhalectl audit show: one event of the audit log.
#include <memory>

#include "cli/audit_entry.hpp"
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

Result<int> show(Context& context, const std::string& seq) {
    const auto number = TRY(parse_count(seq, "SEQ", 0, UINT64_MAX));
    const auto body = TRY(context.ask({.verb = "audit.show", .id = std::to_string(number)}));
    if (TRY(context.printed_json(body))) return kOk;
    const auto entry = TRY(read_audit_entry(body));
    CHECK(print(audit_entry(context.look(), entry)));
    return kOk;
}

} // namespace

void declare_audit_show(Command audit) {
    auto command = audit.sub("show", "Show one event");
    auto seq = std::make_shared<std::string>();
    command.positional("SEQ", *seq, "its number");
    command.handler([seq](Context& context) { return show(context, *seq); });
}

} // namespace owhale::cli
