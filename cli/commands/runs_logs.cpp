// owhalectl runs logs: what a run wrote, as far as it is kept, and with -f what it goes on to write.
#include <memory>

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/log_reader.hpp"

namespace owhale::cli {
namespace {

struct Arguments {
    std::string run;
    bool follow = false;
};

Result<int> logs(Context& context, const Arguments& arguments) {
    const auto id = TRY(context.run_id(arguments.run));
    const auto where = TRY(context.where());
    CHECK(read_logs(where, id, arguments.follow));
    return kOk;
}

} // namespace

void declare_runs_logs(Command runs) {
    auto command = runs.sub("logs", "Print what a run wrote: its stdout to ours, its stderr to ours");
    auto arguments = std::make_shared<Arguments>();
    command.positional("ID", arguments->run, "the run", Kind::run_id);
    command.flag("-f,--follow", arguments->follow, "go on until the run ends");
    command.handler([arguments](Context& context) { return logs(context, *arguments); });
}

} // namespace owhale::cli
