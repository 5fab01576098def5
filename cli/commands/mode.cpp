// owhalectl mode: everything in which the security modes differ, and what holds now.
#include "cli/commands/commands.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

// A row as a block: its cells are sentences.
std::string difference(const Look& look, const api::ModeRow& row, bool strict) {
    const bool usual = row.now == (strict ? row.strict : row.local);
    return "\n" + toned(look, Tone::bold, row.what) + "\n  local   " + toned(look, Tone::plain, row.local) +
           "\n  strict  " + toned(look, Tone::plain, row.strict) + "\n  now     " +
           toned(look, usual ? Tone::good : Tone::warn, row.now) + "\n";
}

Result<int> mode(Context& context) {
    const auto body = TRY(context.ask({.verb = "mode.show"}));
    if (TRY(context.printed_json(body, "rows"))) return kOk;
    const auto mode = TRY(read_mode(body));
    if (context.globals().quiet) {
        CHECK(print(mode.mode + "\n"));
        return kOk;
    }
    std::string text = "mode " + toned(context.look(), Tone::bold, mode.mode) + " (" + escaped(mode.source) + ")\n";
    for (const auto& row : mode.rows) text += difference(context.look(), row, mode.mode == "strict");
    CHECK(print(text));
    return kOk;
}

} // namespace

void declare_mode(Command root) {
    root.sub("mode", "Show in what the security modes local and strict differ, and what holds now").handler(mode);
}

} // namespace owhale::cli
