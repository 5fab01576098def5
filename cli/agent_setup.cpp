#include "cli/agent_setup.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <map>

#include "cli/environment.hpp"
#include "cli/json_text.hpp"
#include "cli/own_commands.hpp"
#include "cli/toml_block.hpp"

namespace owhale::cli {
namespace {

namespace json = boost::json;

constexpr auto kServer = "owhaled"; // its name among the agent's MCP servers

JsonPath parts_of(std::string_view at) {
    JsonPath parts;
    while (!at.empty()) {
        const auto end = std::min(at.find('/'), at.size());
        parts.emplace_back(at.substr(0, end));
        at.remove_prefix(std::min(end + 1, at.size()));
    }
    return parts;
}

// As it stands between the quotes of JSON, and of TOML's basic strings.
std::string inside_quotes(const std::string& text) {
    const auto whole = json::serialize(json::value(text));
    return whole.substr(1, whole.size() - 2);
}

// Whatever ends a hook otherwise than by its own word, a signal or a missing file, is 2 and a reason: a denial.
std::string hook_command(const std::string& program, const Agent& agent) {
    return command_line({program, "hook", std::string(agent.name)}) +
           " || { echo 'owhalectl hook failed: the call is denied' >&2; exit 2; }";
}

Result<std::string> filled(const Agent& agent, std::string_view entry) {
    const auto program = TRY(own_program());
    std::string out(entry);
    for (const auto& [mark, text] :
         {std::pair{"@owhalectl@", program}, std::pair{"@hook@", hook_command(program, agent)}})
        if (const auto at = out.find(mark); at != std::string::npos)
            out.replace(at, std::string_view(mark).size(), inside_quotes(text));
    return out;
}

bool names_us(std::string_view word) {
    return word == "owhalectl" || word.ends_with("/owhalectl") || word.ends_with("/owhalectl'");
}

bool is_hook_command(std::string_view text, const Agent& agent) {
    const auto at = text.find(" hook " + std::string(agent.name));
    return at != std::string_view::npos && names_us(text.substr(0, at));
}

// Whether a text anywhere in it calls our hook.
bool holds_hook(const json::value& value, const Agent& agent) {
    if (value.is_string()) return is_hook_command(value.get_string(), agent);
    if (value.is_array())
        return std::ranges::any_of(value.get_array(), [&](const auto& one) { return holds_hook(one, agent); });
    if (value.is_object())
        return std::ranges::any_of(value.get_object(), [&](const auto& one) { return holds_hook(one.value(), agent); });
    return false;
}

bool is_server(const std::string& key, const json::value& value) {
    if (key != kServer || !value.is_object()) return false;
    const auto* command = value.get_object().if_contains("command");
    if (command == nullptr) return false;
    if (command->is_string()) return names_us(command->get_string());
    return command->is_array() && !command->get_array().empty() && command->get_array()[0].is_string() &&
           names_us(command->get_array()[0].get_string());
}

Result<std::string> without_ours(const Agent& agent, const ConfigPlace& place, bool mcp, std::string text) {
    for (const auto& entry : place.entries) {
        if (place.format == "toml")
            text = TRY(without_table(text, entry.at, kServer, names_us));
        else if (mcp)
            text = TRY(without(text, parts_of(entry.at), is_server));
        else
            text = TRY(without(text, parts_of(entry.at),
                               [&](const std::string&, const json::value& value) { return holds_hook(value, agent); }));
    }
    return text;
}

Result<std::string> with_ours(const Agent& agent, const ConfigPlace& place, bool mcp, std::string text) {
    if (text.empty() && !place.base.empty()) text = "{\n  " + std::string(place.base) + "\n}\n";
    for (const auto& entry : place.entries) {
        const auto value = TRY(filled(agent, entry.text));
        if (place.format == "toml")
            text = TRY(with_table(text, entry.at, kServer, value));
        else if (mcp)
            text = TRY(with_member(text, parts_of(entry.at), kServer, value));
        else
            text = TRY(with_element(text, parts_of(entry.at), value));
    }
    return text;
}

// Whether all that goes in is there, just as it would be written today.
Result<bool> is_current(const Agent& agent, const ConfigPlace& place, bool mcp, const std::string& text) {
    if (place.format == "toml")
        return has_table(text, place.entries[0].at, kServer, TRY(filled(agent, place.entries[0].text)));
    const auto whole = TRY(read_json_text(text));
    for (const auto& entry : place.entries) {
        const json::value* at = &whole;
        for (const auto& part : parts_of(entry.at)) {
            at = at->is_object() ? at->get_object().if_contains(part) : nullptr;
            if (at == nullptr) return false;
        }
        const auto value = TRY(filled(agent, entry.text));
        const auto wanted = TRY(read_json_text(value));
        if (mcp) {
            const auto* found = at->is_object() ? at->get_object().if_contains(kServer) : nullptr;
            if (found == nullptr || *found != wanted) return false;
        } else if (!at->is_array() || std::ranges::find(at->get_array(), wanted) == at->get_array().end()) {
            return false;
        }
    }
    return true;
}

struct Part {
    const ConfigPlace* place;
    bool mcp;
};

std::vector<Part> parts_in(const Agent& agent, const Scope& scope) {
    std::vector<Part> parts;
    for (const auto& part : {Part{&agent.mcp, true}, Part{&agent.hook, false}})
        if (part.mcp ? scope.mcp : scope.hook) parts.push_back(part);
    return parts;
}

// Several entries of one file are one change.
using Files = std::map<std::string, ConfigChange>;

Result<ConfigChange*> file_of(Files& files, const std::string& path) {
    auto file = read_config_file(path);
    if (!file) return std::unexpected(file.error());
    const auto name = file->path;
    const auto [at, fresh] = files.try_emplace(name);
    if (fresh) {
        at->second.after = file->text.value_or("");
        at->second.before = std::move(*file);
    }
    return &at->second;
}

std::vector<ConfigChange> changed(Files files) {
    std::vector<ConfigChange> out;
    for (auto& [path, change] : files)
        if (change.gone || change.after != change.before.text.value_or("")) out.push_back(std::move(change));
    return out;
}

Error in_file(const std::string& path, Error error) {
    error.message = path + ": " + error.message;
    return error;
}

// Nothing but what a file of our own making begins with.
bool is_bare(const ConfigPlace& place, const std::string& text) {
    if (place.format == "toml") return text.find_first_not_of(" \t\r\n") == std::string::npos;
    const auto left = read_json_text(text);
    const auto base = read_json_text("{" + std::string(place.base) + "}");
    return left && base && *left == *base;
}

} // namespace

std::string path_of(std::string_view place, bool project) {
    if (place.empty()) return {};
    if (project) return std::filesystem::current_path().string() + "/" + std::string(place);
    const auto home = own_variable("HOME").value_or("");
    return home.empty() ? "" : home + std::string(place.substr(1));
}

Result<std::vector<ConfigChange>> changes_to_add(const Agent& agent, const Scope& scope) {
    Files files;
    for (const auto& [place, mcp] : parts_in(agent, scope)) {
        const auto path = path_of(scope.project ? place->project : place->user, scope.project);
        if (path.empty()) continue;
        auto* change = TRY(file_of(files, path));
        const auto current = is_current(agent, *place, mcp, change->after);
        if (!current) return std::unexpected(in_file(path, current.error()));
        if (*current) continue;
        auto bare = without_ours(agent, *place, mcp, change->after);
        if (!bare) return std::unexpected(in_file(path, bare.error()));
        auto text = with_ours(agent, *place, mcp, std::move(*bare));
        if (!text) return std::unexpected(in_file(path, text.error()));
        change->after = std::move(*text);
    }
    return changed(std::move(files));
}

Result<std::vector<ConfigChange>> changes_to_remove(const Agent& agent, const Scope& scope) {
    Files files;
    for (const auto& [place, mcp] : parts_in(agent, scope)) {
        const auto path = path_of(scope.project ? place->project : place->user, scope.project);
        if (path.empty()) continue;
        auto* change = TRY(file_of(files, path));
        if (!change->before.text) continue;
        auto text = without_ours(agent, *place, mcp, change->after);
        if (!text) return std::unexpected(in_file(path, text.error()));
        if (*text == change->after) continue;
        change->after = std::move(*text);
        change->gone = is_bare(*place, change->after);
    }
    return changed(std::move(files));
}

std::string configured(const Agent& agent) {
    std::string out;
    for (const auto& [place, mcp] : parts_in(agent, {})) {
        for (const bool project : {false, true}) {
            const auto path = path_of(project ? place->project : place->user, project);
            if (path.empty() || (project && path == path_of(place->user, false))) continue;
            const auto file = read_config_file(path);
            const auto text = file ? file->text.value_or("") : "";
            const auto bare = without_ours(agent, *place, mcp, text);
            const bool unclear = !file || !bare;
            if (!unclear && *bare == text) continue;
            out += (out.empty() ? "" : ", ") + std::string(mcp ? "mcp" : "hook") + (project ? " (project" : " (user") +
                   (unclear ? "; cannot be read: " + path + ")" : ")");
        }
    }
    return out;
}

Result<std::string> snippet(const Agent& agent) {
    const auto& entry = agent.mcp.entries[0];
    const auto value = TRY(filled(agent, entry.text));
    if (agent.mcp.format == "toml") return with_table("", entry.at, kServer, value);
    return with_member("", parts_of(entry.at), kServer, value);
}

} // namespace owhale::cli
