#include "sandbox/agents.hpp"

#include <algorithm>
#include <array>

#include "sandbox/digest.hpp"
#include "sandbox/paths.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::array<std::string_view, 6> kInterpreters = {"node", "nodejs", "bun", "deno", "python3", "python"};

template <typename Names> bool has(const Names& names, std::string_view name) {
    return std::ranges::find(names, name) != std::ranges::end(names);
}

std::string_view file_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1); // npos + 1 is 0
}

// "claude" of "claude.js", "codex" of "codex.mjs".
std::string_view stem(std::string_view name) {
    for (const std::string_view ending : {".js", ".mjs", ".cjs", ".py"})
        if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
    return name;
}

const AgentState* by_program(std::string_view name) {
    const auto found = std::ranges::find_if(agent_states(), [&](const auto& row) { return has(row.programs, name); });
    return found == agent_states().end() ? nullptr : &*found;
}

const AgentState* by_module_path(std::string_view path) {
    for (const auto& row : agent_states())
        for (const auto package : row.packages)
            if (path.find("/node_modules/" + std::string(package) + "/") != std::string_view::npos) return &row;
    return by_program(stem(file_name(path)));
}

// What is run: no option. An option's own value may be taken for it, and is then nobody's.
const std::string* first_operand(const std::vector<std::string>& argv) {
    for (std::size_t i = 1; i < argv.size(); ++i)
        if (!argv[i].starts_with('-')) return &argv[i];
    return nullptr;
}

} // namespace

std::optional<AgentMatch> find_agent(const std::vector<std::string>& argv) {
    if (argv.empty()) return std::nullopt;
    const auto& program = argv.front();
    if (program.find('/') != std::string::npos && !is_clean_absolute(program)) return std::nullopt;
    const auto name = file_name(program);
    if (const auto* agent = by_program(name)) return AgentMatch{agent, {}};
    const auto* operand = first_operand(argv);
    if (operand == nullptr) return std::nullopt;
    if (!has(kInterpreters, name) || !is_clean_absolute(*operand)) return std::nullopt;
    const auto* agent = by_module_path(*operand);
    return agent != nullptr ? std::optional(AgentMatch{agent, *operand}) : std::nullopt;
}

std::shared_ptr<const Profile> with_agent(const Profile& profile, const AgentState& agent, bool scoped,
                                          bool has_secret) {
    auto out = std::make_shared<Profile>(profile);
    out->agent = agent.name;
    std::string text = "agent " + out->agent;
    for (const auto path : agent.writable) {
        if (!has(out->state, path)) out->state.emplace_back(path);
        (text += "\nwritable ") += path;
    }
    for (const auto path : agent.readonly) {
        if (!has(out->toolchains, path)) out->toolchains.emplace_back(path);
        out->state_readonly.emplace_back(path);
        (text += "\nreadonly ") += path;
    }
    if (scoped) {
        if (out->network.mode.empty()) out->network.mode = "scoped";
        for (const auto host : agent.hosts)
            out->network.hosts.push_back({std::string(host), {}, {}, {}, "agent " + out->agent});
        if (has_secret) out->network.secrets.emplace_back(agent.secret);
        for (const auto host : agent.hosts) (text += "\nhost ") += host;
        if (has_secret) (text += "\nsecret ") += agent.secret;
    }
    out->digest = sha256_hex(profile.digest + "\n" + text);
    return out;
}

} // namespace owhale::sandbox
