// owhalectl mcp: owhaled's MCP server, for agents that start theirs as a program.
#include <memory>
#include <unistd.h>

#include "cli/commands/commands.hpp"
#include "cli/mcp_bridge.hpp"
#include "cli/prompt.hpp"
#include "cli/terminal.hpp"
#include "cli/token_store.hpp"

namespace owhale::cli {
namespace {

constexpr auto kForPeople = "this is an MCP server, for an agent to start: it reads JSON-RPC here. To add it to one: "
                            "owhalectl agents add claude-code (or codex, generic); man owhalectl-mcp tells more";

struct Arguments {
    std::string token_file;
};

Result<int> mcp(Context& context, const Arguments& arguments) {
    const auto where = TRY(context.where());
    ask_nobody();
    if (!arguments.token_file.empty()) show_token_of(arguments.token_file);
    if (is_terminal(STDIN_FILENO)) note(kForPeople);
    bridge_mcp(where);
}

} // namespace

void declare_mcp(Command root) {
    auto command =
        root.sub("mcp", "Serve MCP on stdin and stdout: an agent's tools for running commands through owhaled");
    auto arguments = std::make_shared<Arguments>();
    command.option("--token-file", arguments->token_file, "FILE", "speak with this token (or OWHALE_TOKEN)",
                   Kind::file);
    command.handler([arguments](Context& context) { return mcp(context, *arguments); });
}

} // namespace owhale::cli
