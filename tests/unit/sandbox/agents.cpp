#include "sandbox/agents.hpp"

#include <algorithm>
#include <doctest/doctest.h>

#include "sandbox/paths.hpp"

using namespace owhale::sandbox;

namespace {

std::string who(std::vector<std::string> argv) {
    const auto match = find_agent(argv);
    return match ? std::string(match->agent->name) : "nobody";
}

} // namespace

TEST_CASE("an agent is known by its program, or by what an interpreter is given") {
    CHECK(who({"claude", "-p", "hello"}) == "claude-code");
    CHECK(who({"/usr/local/bin/codex"}) == "codex");
    CHECK(who({"node", "/usr/lib/node_modules/@google/gemini-cli/dist/index.js"}) == "gemini-cli");
    CHECK(who({"node", "--no-warnings", "/opt/x/codex.js"}) == "codex");
    CHECK(find_agent({"node", "/opt/x/codex.js"})->file == "/opt/x/codex.js");
}

TEST_CASE("what a workspace chooses, and what only has the word in it, is nobody") {
    CHECK(who({}) == "nobody");
    CHECK(who({"./claude"}) == "nobody");
    CHECK(who({"bin/claude"}) == "nobody");
    CHECK(who({"/usr/bin/../bin/claude"}) == "nobody");
    CHECK(who({"npx", "@openai/codex"}) == "nobody");
    CHECK(who({"node", "claude.js"}) == "nobody");
    CHECK(who({"node", "/x/node_modules/@openai/codex-other/y.js"}) == "nobody");
    CHECK(who({"sh", "-c", "claude"}) == "nobody");
    CHECK(who({"env", "claude"}) == "nobody");
    CHECK(who({"claude.js"}) == "nobody");
    CHECK(who({"Claude"}) == "nobody");
    CHECK(who({"cat", "/usr/local/bin/claude"}) == "nobody");
}

TEST_CASE("no path of the table lies in another, so that none can be renamed away with what is in it") {
    for (const auto& agent : agent_states())
        for (const auto a : agent.writable)
            for (const auto b : agent.readonly) {
                CHECK_FALSE(is_within(a, b));
                CHECK_FALSE(is_within(b, a));
            }
}

// Gemini CLI runs ~/.gemini/tmp/bin/rg at every start.
TEST_CASE("no folder that comes back out is one of which an agent runs programs") {
    for (const auto& agent : agent_states())
        for (const auto path : agent.writable)
            for (const std::string_view holds :
                 {".gemini/tmp/bin", ".gemini/history", ".copilot/pkg", ".claude/shell-snapshots",
                  ".local/share/opencode/bin", ".local/share/opencode/snapshot"})
                CHECK_FALSE(is_within(holds, path));
}

TEST_CASE("an agent's profile has the same name, another digest, and the base is as it was") {
    Profile base;
    base.name = "agent";
    base.digest = "base";
    const auto& agent = *find_agent({"claude"})->agent;
    const auto with = with_agent(base, agent, true, true), quiet = with_agent(base, agent, false, true);
    CHECK(with->name == "agent");
    CHECK(with->agent == "claude-code");
    CHECK(with->digest != base.digest);
    CHECK(with->digest != quiet->digest);
    CHECK(with->network.mode == "scoped");
    CHECK(with->network.secrets == std::vector<std::string>{"ANTHROPIC_API_KEY"});
    CHECK(quiet->network.hosts.empty());
    CHECK(quiet->network.secrets.empty());
    CHECK(base.state.empty());
    Profile none = base;
    none.network.mode = "none";
    CHECK(with_agent(none, agent, true, false)->network.mode == "none");
}
