// The agents that the profile `agent` knows: what of the home each may keep, and whom it talks to. The table is made of
// agents/*.toml when owhaled is built; agents/README.md says what the columns are.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/profile.hpp"

namespace owhale::sandbox {

struct AgentState {
    std::string_view name;
    std::span<const std::string_view> programs;           // names of files: argv[0], or what node is given
    std::span<const std::string_view> packages;           // of npm, the same
    std::span<const std::string_view> writable, readonly; // relative to the home; none lies in another
    std::span<const std::string_view> hosts;              // its provider's
    std::string_view secret;                              // its provider's key in the vault, "" none
};
std::span<const AgentState> agent_states();

struct AgentMatch {
    const AgentState* agent;
    std::string file; // of argv, when an interpreter runs it: absolute; "" when it is the program itself
};
// Who a command starts, by its own words: `claude`, `/opt/x/bin/claude`, `node /…/node_modules/@openai/codex/bin/codex.js`.
// Not by npx, which takes what a workspace has of that name. A path relative to the working folder is nobody's: whoever fills that chooses what stands there.
std::optional<AgentMatch> find_agent(const std::vector<std::string>& argv);

// The profile with an agent's state and its provider's hosts: the same name, another digest. `scoped`: there can be a network.
std::shared_ptr<const Profile> with_agent(const Profile& profile, const AgentState& agent, bool scoped,
                                          bool has_secret);

} // namespace owhale::sandbox
