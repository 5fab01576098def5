// owhalectl agents: which agents there are here, and their configuration: shown as a diff, changed when somebody agrees.
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <memory>
#include <unistd.h>

#include "cli/agent_setup.hpp"
#include "cli/commands/commands.hpp"
#include "cli/environment.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/prompt.hpp"

namespace owhale::cli {
namespace {

namespace json = boost::json;

struct Arguments {
    std::string agent;
    bool print = false, project = false, user = false, mcp = false, hook = false, shell = false, yes = false;
};

std::string names() {
    std::string out;
    for (const auto& agent : all_agents()) out += (out.empty() ? "" : ", ") + std::string(agent.name);
    return out;
}

Result<const Agent*> agent_of(const std::string& name) {
    if (const auto* agent = find_agent(name)) return agent;
    return fail(Code::not_found, "there is no agent '" + name + "'", "there are: " + names());
}

// Where its program is on our PATH; "" nowhere.
std::string installed(const Agent& agent) {
    std::string_view path = std::getenv("PATH") == nullptr ? "" : std::getenv("PATH");
    while (!path.empty()) {
        const auto end = std::min(path.find(':'), path.size());
        for (const auto program : agent.programs) {
            const auto file = std::string(path.substr(0, end)) + "/" + std::string(program);
            if (file.starts_with('/') && ::access(file.c_str(), X_OK) == 0) return file;
        }
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return {};
}

json::object as_json(const Agent& agent) {
    return {{"name", agent.name},
            {"title", agent.title},
            {"installed", installed(agent)},
            {"configured", configured(agent)},
            {"hook", !agent.tools.empty()},
            {"rewrites", agent.dialect.rewrite},
            {"asks", agent.dialect.ask}};
}

Result<int> list(Context& context) {
    if (context.look().format != Format::table) {
        json::array all;
        for (const auto& agent : all_agents()) all.push_back(as_json(agent));
        CHECK(print(json_text(context.look(), json::serialize(json::object{{"agents", std::move(all)}}), "agents")));
        return kOk;
    }
    Table table({"AGENT", "INSTALLED", "CONFIGURED", "HOOK"}, 1);
    for (const auto& agent : all_agents()) {
        const auto place = installed(agent), how = configured(agent);
        const auto hook = agent.tools.empty()     ? "none"
                          : agent.dialect.rewrite ? "puts commands into the cage"
                                                  : "filter only";
        table.row({{std::string(agent.name)}, {place.empty() ? "-" : place}, {how.empty() ? "-" : how}, {hook}});
    }
    CHECK(print(table.text(context.look())));
    return kOk;
}

Result<int> show(Context& context, const Arguments& arguments) {
    const auto* agent = TRY(agent_of(arguments.agent));
    if (context.look().format != Format::table) {
        CHECK(print(json_text(context.look(), json::serialize(as_json(*agent)))));
        return kOk;
    }
    Fields fields;
    fields.add("Agent", std::string(agent->title), Tone::bold);
    fields.add("Program", installed(*agent));
    fields.add("Configured", configured(*agent));
    for (const auto& [name, place] : {std::pair{"MCP", &agent->mcp}, std::pair{"Hook", &agent->hook}}) {
        if (!place->user.empty()) fields.add(name, std::string(place->user));
        if (!place->project.empty()) fields.add(std::string(name) + " (--project)", std::string(place->project));
    }
    for (const auto note : agent->notes) fields.add("Note", std::string(note), Tone::warn);
    for (const auto page : agent->documentation)
        fields.add("From", std::string(page) + ", read on " + std::string(agent->checked));
    CHECK(print(fields.text(context.look())));
    return kOk;
}

Scope scope_of(const Arguments& arguments) {
    const bool both = !arguments.mcp && !arguments.hook;
    return {arguments.project, both || arguments.mcp, both || arguments.hook};
}

// yes, no, or an error that says how to agree elsewhere.
Result<bool> agreed(const Arguments& arguments) {
    if (arguments.yes) return true;
    if (!can_ask()) return fail(Code::bad_request, "nobody is here to agree to this change", "look at it, and give -y");
    const auto answer = TRY(ask_line("Make this change? [y/N] "));
    return answer && (*answer == "y" || *answer == "yes");
}

Status apply(const ConfigChange& change) {
    return change.gone ? remove_config_file(change.before) : write_config_file(change.before, change.after);
}

Result<int> make(const Arguments& arguments, const std::vector<ConfigChange>& changes, std::string_view nothing) {
    for (const auto& change : changes)
        CHECK(print(
            escaped_lines(unified_diff(change.before.path, change.before.text, change.gone ? "" : change.after))));
    if (arguments.print) return kOk;
    if (changes.empty()) {
        note(nothing);
        return kOk;
    }
    if (!TRY(agreed(arguments))) {
        note("nothing was changed");
        return kFailed;
    }
    for (const auto& change : changes) CHECK(apply(change));
    return kOk;
}

// How the agent is started so that its shell is owhale-sh.
std::string shell_line(const Agent& agent) {
    if (!agent.shell.empty()) return std::string(agent.shell);
    return "SHELL=owhale-sh " + (agent.programs.empty() ? std::string("my-agent") : std::string(agent.programs[0])) +
           " (if it takes its shell from SHELL: man owhale-sh says more)";
}

Result<int> print_snippet(const Agent& agent, bool shell) {
    if (!shell) CHECK(print(TRY(snippet(agent))));
    note("owhale-sh for its shell: " + shell_line(agent));
    return kOk;
}

Result<int> add(const Arguments& arguments) {
    const auto* agent = TRY(agent_of(arguments.agent));
    if (arguments.project && arguments.user)
        return fail(Code::bad_request, "--project and --user: which of them?", "give one of them");
    if (arguments.shell || agent->mcp.user.empty()) return print_snippet(*agent, arguments.shell);
    const auto changes = TRY(changes_to_add(*agent, scope_of(arguments)));
    const auto code = TRY(make(arguments, changes, "it is set up already: nothing was changed"));
    if (code == kOk && !arguments.print)
        for (const auto text : agent->notes) note(text);
    return code;
}

Result<int> remove(const Arguments& arguments) {
    const auto* agent = TRY(agent_of(arguments.agent));
    return make(arguments, TRY(changes_to_remove(*agent, scope_of(arguments))), "there is nothing of ours in it");
}

void declare_scope(Command command, Arguments& arguments) {
    command.flag("--print", arguments.print, "show the change, and make none");
    command.flag("--user", arguments.user, "in the user's own configuration (default)");
    command.flag("--project", arguments.project, "in that of the project in this folder");
    command.flag("--mcp", arguments.mcp, "the MCP server alone");
    command.flag("--hook", arguments.hook, "the hook alone");
    command.flag("-y,--yes", arguments.yes, "agree to it without being asked");
}

} // namespace

void declare_agents(Command root) {
    auto agents =
        root.sub("agents", "Set up agents to ask owhaled: by MCP, and by a hook before each of their commands");
    agents.sub("ls", "List the agents that are known, and how they are set up here").handler(list);
    auto arguments = std::make_shared<Arguments>();
    auto command = agents.sub("add", "Show the change to an agent's configuration, and make it when you agree");
    command.positional("AGENT", arguments->agent, names());
    declare_scope(command, *arguments);
    command.flag("--shell", arguments->shell, "say how to give it owhale-sh for a shell");
    command.handler([arguments](Context&) { return add(*arguments); });
    auto shown = agents.sub("show", "Show what is known about an agent, and from where");
    shown.positional("AGENT", arguments->agent, names());
    shown.handler([arguments](Context& context) { return show(context, *arguments); });
    auto gone = agents.sub("rm", "Take out what add put in, and nothing else");
    gone.positional("AGENT", arguments->agent, names());
    declare_scope(gone, *arguments);
    gone.handler([arguments](Context&) { return remove(*arguments); });
}

} // namespace owhale::cli
