// The launcher's part about agents that owhaled knows: with the profile `agent` they have their state, their provider's hosts
// and its key.
#include "sandbox/launcher.hpp"

#include <algorithm>

#include "sandbox/agents.hpp"
#include "sandbox/paths.hpp"
#include "sandbox/record.hpp"

namespace owhale::sandbox {
namespace {

using boost::asio::awaitable;

bool asks_for(const api::RunRequest& request, std::string_view secret) {
    return request.secrets &&
           std::ranges::any_of(*request.secrets, [&](const api::SecretUse& use) { return use.name == secret; });
}

bool is_usable(const SecretSource& secrets, const Caller& caller, const std::string& profile, std::string_view name) {
    if (!secrets.for_run || !caller.who) return false;
    return secrets.for_run(*caller.who, profile, {{std::string(name), {}, {}}}).has_value();
}

} // namespace

// A run's runs have nothing of the home but what that run's plan shows; they need no state of their own.
void Launcher::know_agent(Prepared& prepared, const Caller& caller, const api::RunRequest& request) const {
    if (!prepared.profile->agents || caller.asker || !request.argv) return;
    const auto match = find_agent(*request.argv);
    if (!match) return;
    const auto& agent = *match->agent;
    const bool scoped =
        parts_.network != nullptr && parts_.settings.egress == "on" && request.net.value_or("scoped") == "scoped";
    const bool has_secret = scoped && !agent.secret.empty() && !asks_for(request, agent.secret) &&
                            is_usable(parts_.secrets, caller, prepared.profile->name, agent.secret);
    if (scoped && !agent.secret.empty() && !has_secret && !asks_for(request, agent.secret))
        prepared.notes.push_back("no secret " + std::string(agent.secret) + " is there for " + std::string(agent.name) +
                                 ": `owhalectl secrets set " + std::string(agent.secret) +
                                 "` lets it use its key without having it");
    prepared.agent_file = match->file;
    prepared.profile = with_agent(*prepared.profile, agent, scoped, has_secret);
}

// The host's own file, and none of the workspace or the box: an agent's name is free for whoever fills these.
bool Launcher::is_agents_own(const Prepared& prepared) const {
    const auto& looked = prepared.looked;
    const auto& file = prepared.agent_file.empty() ? looked.held.resolution.program_real : prepared.agent_file;
    if (file.empty() || looked.search_in_cage || looked.program.empty()) return false;
    return is_same_inside(file, looked.mounts.view) && !is_within(file, looked.decision.path);
}

void Launcher::tell_of_agent(Prepared& prepared) const {
    const auto& mounts = prepared.looked.mounts;
    const bool writes =
        std::ranges::any_of(mounts.state, [](const auto& line) { return line.ends_with(", writable"); });
    if (writes || mounts.stateless.empty()) return;
    prepared.notes.push_back("no folder of " + prepared.profile->agent +
                             "'s state is there: what it keeps lasts as long as the box (mkdir -p " +
                             printable(mounts.stateless.front()) + ")");
}

awaitable<Status> Launcher::hold_agent(Prepared& prepared, const Caller& caller, const Tables& tables,
                                       std::optional<std::string> asked_net) {
    if (prepared.profile->agent.empty()) co_return Status{};
    if (is_agents_own(prepared)) {
        tell_of_agent(prepared);
        co_return Status{};
    }
    const auto plain = parts_.profiles.find(prepared.profile->name);
    if (!plain) co_return std::unexpected(plain.error());
    prepared.notes = {"this is not taken for " + prepared.profile->agent +
                      ", whose name it has: its program lies in the workspace or the box, or was not found"};
    prepared.profile = *plain;
    prepared.request.net = std::move(asked_net);
    CO_CHECK(choose_network(prepared, caller));
    auto again = co_await look(prepared, caller, tables);
    if (!again) co_return std::unexpected(again.error());
    prepared.looked = std::move(*again);
    co_return Status{};
}

} // namespace owhale::sandbox
