// owhalectl config show: the settings in force, and where each came from.
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

Result<int> show(Context& context) {
    const auto body = TRY(context.ask({.verb = "config.show"}));
    if (TRY(context.printed_json(body, "settings"))) return kOk;
    const bool verbose = context.globals().verbose;
    Table table(verbose ? std::vector<std::string>{"KEY", "VALUE", "FROM", "MEANING"}
                        : std::vector<std::string>{"KEY", "VALUE", "FROM"},
                1);
    for (const auto& row : TRY(read_config(body)).settings) {
        std::vector<Cell> cells = {
            {row.key}, {row.value}, {row.source, row.source == "default" ? Tone::dim : Tone::plain}};
        if (verbose) cells.push_back({row.help});
        table.row(std::move(cells));
    }
    CHECK(print(table.text(context.look())));
    return kOk;
}

} // namespace

void declare_config(Command root) {
    auto config = root.sub("config", "owhaled's settings");
    config.sub("show", "Show the settings in force and where each came from").handler(show);
}

} // namespace owhale::cli
