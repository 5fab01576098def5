#include "cli/hook_input.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <unistd.h>

#include "cli/escape.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostInput = std::size_t{8} << 20;
constexpr std::size_t kMostDepth = 128;
constexpr auto kNoJson = "the agent sent no JSON: see `man owhalectl-hook`";
constexpr std::string_view kCommands = "command|cmd|script"; // of a tool that is not listed

std::unexpected<Error> wrong(const std::string& what) {
    return fail(Code::bad_request, "the agent's call " + what,
                "is the hook set up for another agent? owhalectl agents ls");
}

// The first of the alternatives ("a|b") that is there; null when none is.
const json::value* member(const json::object& object, std::string_view names, std::string* which = nullptr) {
    while (!names.empty()) {
        const auto end = names.find('|');
        const auto name = names.substr(0, end);
        if (const auto* found = object.if_contains(name); found != nullptr && !found->is_null()) {
            if (which != nullptr) *which = name;
            return found;
        }
        names.remove_prefix(end == std::string_view::npos ? names.size() : end + 1);
    }
    return nullptr;
}

// Whether alternatives differ: which of them the tool reads is its own matter, and the model writes all of them.
bool is_ambiguous(const json::object& object, std::string_view names) {
    const auto* first = member(object, names);
    for (auto bar = names.find('|'); bar != std::string_view::npos; bar = names.find('|')) {
        names.remove_prefix(bar + 1);
        if (const auto* other = member(object, names); other != nullptr && *other != *first) return true;
    }
    return false;
}

Result<json::object> object_of(std::string_view text) {
    json::parse_options options;
    options.max_depth = kMostDepth;
    boost::system::error_code error;
    auto value = json::parse(text, error, {}, options);
    if (error) return fail(Code::malformed_json, "the agent's call is no JSON: " + error.message(), kNoJson);
    if (!value.is_object()) return fail(Code::malformed_json, "the agent's call is no JSON object", kNoJson);
    return std::move(value.get_object());
}

// Some agents send them as a text that holds JSON.
Result<json::object> arguments_of(const json::object& call, std::string_view names) {
    if (names.empty()) return call;
    const auto* found = member(call, names);
    if (found == nullptr) return wrong("has no " + std::string(names));
    if (found->is_object()) return found->get_object();
    if (found->is_string()) return object_of(found->get_string());
    return wrong("has a " + std::string(names) + " that is no object");
}

Result<std::string> folder_of(const json::object& call, std::string_view names) {
    const auto* found = member(call, names);
    if (found != nullptr && found->is_array() && !found->get_array().empty()) found = &found->get_array()[0];
    if (found == nullptr || !found->is_string()) return wrong("has no " + std::string(names));
    std::string folder(found->get_string());
    if (!folder.starts_with('/') || folder.find('\0') != std::string::npos)
        return wrong("names a folder that is not one from / on: " + escaped(folder));
    return folder;
}

Tool tool_of(const Agent& agent, const std::string& name, const json::object& arguments) {
    for (const auto& tool : agent.tools)
        if (tool.name == name) return tool;
    // A server's own tool, which runs elsewhere: its words are not a shell's.
    if (name.starts_with("mcp__")) return {{}, ToolKind::none, {}};
    const bool runs = arguments.contains("command") || member(arguments, kCommands) != nullptr;
    return {{}, runs ? ToolKind::shell : ToolKind::none, kCommands};
}

Status take_path(HookCall& call, const json::value& path) {
    if (!path.is_string()) return wrong("of " + escaped(call.tool) + " names a file that is no text");
    call.values.emplace_back(path.get_string());
    if (call.values.back().find('\0') == std::string::npos) return {};
    return wrong("of " + escaped(call.tool) + " has a NUL in a file's name");
}

// A tool of two revisions reads one of the lists, or both: all of them count.
Status read_lists(HookCall& call, std::string_view names) {
    while (!names.empty()) {
        const auto end = std::min(names.find('|'), names.size());
        const auto* found = member(call.arguments, names.substr(0, end));
        names.remove_prefix(std::min(end + 1, names.size()));
        if (found == nullptr) continue;
        if (!found->is_array()) {
            CHECK(take_path(call, *found));
            continue;
        }
        for (const auto& one : found->get_array()) CHECK(take_path(call, one));
    }
    return {};
}

Status read_field(HookCall& call, const Tool& tool) {
    call.kind = tool.kind;
    if (tool.kind == ToolKind::none || tool.kind == ToolKind::refused) return {};
    if (tool.kind == ToolKind::reads) return read_lists(call, tool.field);
    if (is_ambiguous(call.arguments, tool.field))
        return wrong("of " + escaped(call.tool) + " says " + std::string(tool.field) + " in two ways");
    const auto* found = member(call.arguments, tool.field, &call.field);
    if (found == nullptr && tool.kind == ToolKind::search) return {};
    if (found == nullptr) return wrong("of " + escaped(call.tool) + " has no " + std::string(tool.field));
    if (!found->is_string()) return wrong("of " + escaped(call.tool) + " has a " + call.field + " that is no text");
    call.value = found->get_string();
    if (call.value.find('\0') != std::string::npos)
        return wrong("of " + escaped(call.tool) + " has a NUL in its " + call.field);
    if (call.value.find_first_not_of(" \t\n") == std::string::npos)
        return wrong("of " + escaped(call.tool) + " has an empty " + call.field);
    return {};
}

} // namespace

Result<std::string> read_hook_input() {
    std::string text;
    std::array<char, 65536> chunk{};
    for (;;) {
        const auto count = ::read(STDIN_FILENO, chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno("reading the agent's call");
        if (count == 0) return text;
        text.append(chunk.data(), static_cast<std::size_t>(count));
        if (text.size() > kMostInput)
            return fail(Code::body_too_large, "the agent's call is over " + format_size(kMostInput));
    }
}

Result<HookCall> read_hook_call(const Agent& agent, std::string_view text) {
    const auto call = TRY(object_of(text));
    const auto* tool = member(call, agent.dialect.tool);
    if (tool == nullptr || !tool->is_string()) return wrong("has no " + std::string(agent.dialect.tool));
    HookCall out;
    out.tool = tool->get_string();
    out.arguments = TRY(arguments_of(call, agent.dialect.arguments));
    out.folder = TRY(folder_of(call, agent.dialect.folder));
    CHECK(read_field(out, tool_of(agent, out.tool, out.arguments)));
    return out;
}

} // namespace owhale::cli
