// owhalectl mode: everything in which the security modes differ, and what holds now.
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

Result<int> mode(Context& context) {
    const auto body = TRY(context.ask({.verb = "mode.show"}));
    if (TRY(context.printed_json(body, "rows"))) return kOk;
    const auto mode = TRY(read_mode(body));
    if (context.globals().quiet) {
        CHECK(print(mode.mode + "\n"));
        return kOk;
    }
    Table table({"WHAT", "LOCAL", "STRICT", "NOW"}, 0);
    for (const auto& row : mode.rows) {
        const auto& usual = mode.mode == "strict" ? row.strict : row.local;
        table.row({{row.what}, {row.local}, {row.strict}, {row.now, row.now == usual ? Tone::plain : Tone::warn}});
    }
    CHECK(print("mode " + toned(context.look(), Tone::bold, mode.mode) + " (" + mode.source + ")\n\n" +
                table.text(context.look())));
    return kOk;
}

} // namespace

void declare_mode(Command root) {
    root.sub("mode", "Show in what the security modes local and strict differ, and what holds now").handler(mode);
}

} // namespace owhale::cli
