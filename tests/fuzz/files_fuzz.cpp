// Files and texts that others wrote and owhaled or owhalectl reads: a repository's git configuration, .env, an agent's settings as
// they are edited, what its hook is told, patches.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "cli/agents.hpp"
#include "cli/dotenv.hpp"
#include "cli/hook_input.hpp"
#include "cli/json_text.hpp"
#include "cli/patch_files.hpp"
#include "cli/toml_block.hpp"
#include "sandbox/gitconfig.hpp"

using namespace owhale;
using namespace owhale::cli;

namespace {

void must(bool holds) {
    if (!holds) abort();
}

// What is kept is kept again as it is.
void git(std::string_view text) {
    const auto kept = sandbox::without_credentials(text);
    must(sandbox::without_credentials(kept) == kept);
}

bool is_ours(const std::string& key, const boost::json::value&) {
    return key == "owhaled";
}

// What was put in is found, and taking it out leaves what a reader reads as before.
void edit_json(std::string_view text) {
    const auto before = read_json_text(text);
    const auto with = with_member(text, {"mcpServers"}, "owhaled", R"({"command":"x"})");
    if (!with) return;
    must(before.has_value());
    const auto after = read_json_text(*with);
    must(after && after->at("mcpServers").as_object().contains("owhaled"));
    const auto again = without(*with, {"mcpServers"}, is_ours);
    must(again && read_json_text(*again).has_value());
    must(!with_member(*with, {"mcpServers"}, "owhaled", "1")); // it is there
}

void edit_toml(std::string_view text) {
    constexpr auto kBody = "command = \"x\"\n";
    const auto with = with_table(text, "mcp_servers", "owhaled", kBody);
    if (!with) return;
    const auto there = has_table(*with, "mcp_servers", "owhaled", kBody);
    must(there && *there);
    const auto again = without_table(*with, "mcp_servers", "owhaled", [](std::string_view) { return true; });
    must(again.has_value());
}

void hook(std::string_view text, std::size_t which) {
    const auto agents = all_agents();
    const auto call = read_hook_call(agents[which % agents.size()], text);
    if (!call) must(!call.error().message.empty());
}

void dotenv(std::string_view text) {
    const auto all = parse_dotenv(text);
    if (!all) return must(!all.error().message.empty());
    for (const auto& entry : *all) must(!entry.name.empty() && entry.line > 0);
}

} // namespace

// The first byte chooses what is read, the second the agent.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    switch (data[0] % 6) {
    case 0:
        git(text);
        break;
    case 1:
        edit_json(text);
        break;
    case 2:
        edit_toml(text);
        break;
    case 3:
        hook(text, data[1]);
        break;
    case 4:
        dotenv(text);
        break;
    default:
        for (const auto& file : patched_files(text)) must(file.find('\n') == file.npos);
    }
    return 0;
}
