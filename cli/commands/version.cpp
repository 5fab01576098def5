// owhalectl version: ours; owhaled's is in status.
#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"

namespace owhale::cli {

void declare_version(Command root) {
    root.sub("version", "Print owhalectl's version (owhalectl status prints owhaled's)")
        .handler([](Context& context) -> Result<int> {
            const bool table = context.look().format == Format::table;
            CHECK(print(table ? "owhalectl " OWHALE_VERSION "\n" : "{\"owhalectl\":\"" OWHALE_VERSION "\"}\n"));
            return kOk;
        });
}

} // namespace owhale::cli
