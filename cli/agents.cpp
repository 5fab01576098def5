#include "cli/agents.hpp"

#include <algorithm>

namespace owhale::cli {

const Agent* find_agent(std::string_view name) {
    const auto agents = all_agents();
    const auto found = std::ranges::find(agents, name, &Agent::name);
    return found == agents.end() ? nullptr : &*found;
}

} // namespace owhale::cli
