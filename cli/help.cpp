#include "cli/help.hpp"

#include <algorithm>
#include <string_view>

#include "cli/escape.hpp"

namespace owhale::cli {
namespace {

struct Line {
    std::string left, right;
};

std::string shown(const Described::Positional& positional) {
    if (positional.name.ends_with(']')) return positional.name; // said by itself: one, or none
    const auto name = positional.name + (positional.repeats ? "…" : "");
    return positional.needed ? name : "[" + name + "]";
}

std::string usage(const Described& command, const std::string& path) {
    std::string line = "Usage: " + path;
    if (!command.options.empty()) line += " [OPTION…]";
    if (!command.commands.empty()) line += " COMMAND";
    for (const auto& positional : command.positionals) line += " " + shown(positional);
    return line + "\n";
}

std::string option_left(const Described::Option& option) {
    std::string left = option.names.front().starts_with("--") ? "    " : "";
    for (const auto& name : option.names) left += (name == option.names.front() ? "" : ", ") + name;
    return option.metavar.empty() ? left : left + " " + option.metavar;
}

std::string section(const std::string& title, const std::vector<Line>& lines) {
    if (lines.empty()) return {};
    std::size_t widest = 0;
    for (const auto& line : lines) widest = std::max(widest, width(line.left));
    std::string out = "\n" + title + "\n";
    for (const auto& line : lines)
        out += "  " + line.left + std::string(widest - width(line.left) + 2, ' ') + line.right + "\n";
    return out;
}

// Where the command has a manual page of its own.
std::string page_of(const std::string& path) {
    for (const std::string_view own : {"owhalectl hook", "owhalectl mcp", "owhalectl pair"}) {
        if (path != own && !path.starts_with(std::string(own) + " ")) continue;
        std::string page(own);
        page[page.find(' ')] = '-';
        return page;
    }
    return "owhalectl";
}

} // namespace

std::string help_text(const Described& command, const std::string& path) {
    std::vector<Line> commands, options;
    for (const auto& sub : command.commands) commands.push_back({sub.name, sub.help});
    for (const auto& option : command.options) options.push_back({option_left(option), option.help});
    std::string out = usage(command, path) + command.help + ".\n";
    out += section("Commands", commands) + section("Options", options);
    if (!command.commands.empty()) out += "\nowhalectl help COMMAND… tells more; so does man " + page_of(path) + ".\n";
    return out;
}

} // namespace owhale::cli
