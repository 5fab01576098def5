#include "mcp/tool.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>

namespace owhale::mcp {
namespace {

constexpr bool yes = true, no = false;

// read_only, destructive, idempotent, open_world
const std::array kTools = {
    Tool{"run_command", "Run a command in a cage",
         "Runs a shell command (`command`, one string, by bash or sh) or a program (`argv`) in a cage: the workspace "
         "around "
         "`cwd` is writable, the rest of the machine is read-only or hidden, and the network is closed but for what is "
         "asked "
         "for. Give `cwd`; without it the command runs in an empty folder. Answers with exit code and output when it "
         "has ended "
         "within `wait` seconds (45 at most). Otherwise state is \"running\", and get_output goes on from there; or "
         "\"waiting_approval\": a person has to agree first, outside of this conversation; call get_output with the id "
         "until the "
         "state changes. Long output is cut in the middle; get_output reads the rest. A refusal names the rule and "
         "what would "
         "change it; do not try to get around it, tell the user.",
         no, yes, no, yes, schema::run_command, schema::ran, run_command},
    Tool{"run_code", "Run code in a cage",
         "Runs a piece of code (python, javascript, typescript, bash, perl or ruby) in a cage, as run_command does. "
         "Use it "
         "instead of quoting code into a shell command.",
         no, yes, no, yes, schema::run_code, schema::ran, run_code},
    Tool{"check_command", "Would this be allowed?",
         "Says what would be decided about a command or code, without running it: allow, ask (a person is asked first) "
         "or deny, "
         "with the reason, the rule, and, but for a critical one, the smallest rule that would change it.",
         yes, no, yes, no, schema::check_command, schema::verdict, check_command},
    Tool{"list_runs", "List runs",
         "Lists your runs, newest first, with state and exit code: live ones, ended ones, and those that wait for "
         "approval.",
         yes, no, yes, no, schema::list_runs, schema::runs, list_runs},
    Tool{"get_output", "Read a run's output",
         "Reads the output of a run from a byte offset, and tells its state. With `wait` it first waits up to that "
         "many seconds "
         "for the run to end: use it to follow a run that is running or waiting for approval.",
         yes, no, yes, no, schema::get_output, schema::output, get_output},
    Tool{"send_input", "Write to a run's stdin",
         "Writes to the standard input of a run that was started with `stdin_open`; `close` ends that input.", no, no,
         no, no, schema::send_input, schema::input, send_input},
    Tool{"kill_run", "End a run",
         "Ends a run (SIGTERM, then SIGKILL), or takes back one that waits for approval; with `signal` it sends that "
         "signal "
         "alone.",
         no, yes, yes, no, schema::kill_run, schema::killed, kill_run},
};

} // namespace

std::span<const Tool> tools() {
    return kTools;
}

const Tool* find_tool(std::string_view name) {
    const auto found = std::ranges::find(kTools, name, &Tool::name);
    return found == kTools.end() ? nullptr : &*found;
}

json::object described(const Tool& tool) {
    return {{"name", tool.name},
            {"title", tool.title},
            {"description", tool.description},
            {"inputSchema", json::parse(tool.input)},
            {"outputSchema", json::parse(tool.output)},
            {"annotations",
             {{"title", tool.title},
              {"readOnlyHint", tool.read_only},
              {"destructiveHint", tool.destructive},
              {"idempotentHint", tool.idempotent},
              {"openWorldHint", tool.open_world}}}};
}

} // namespace owhale::mcp
