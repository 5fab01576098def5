// Reads a script's first command for its folder.
#include "policy/normal/place.hpp"

#include "policy/normal/paths.hpp"
#include "policy/shell/parser.hpp"

namespace owhale::policy {
namespace {

constexpr std::size_t kMostText = 64 << 10; // a longer script is not parsed twice for this

const shell::Command* first_command(const shell::Script& script) {
    if (script.statements.empty()) return nullptr;
    const auto& command = script.statements.front().links.front().pipeline.commands.front();
    return command.kind == shell::CommandKind::simple ? &command : nullptr;
}

// A word of literals, ~ at its start too; "" for any other.
std::string literal(const shell::Word& word, const Facts& here) {
    std::string out;
    for (const auto& part : word.parts) {
        if (part.kind == shell::PartKind::literal)
            out += part.text;
        else if (part.kind == shell::PartKind::tilde && part.text.empty() && !here.home.empty())
            out += here.home;
        else
            return {};
    }
    return out;
}

} // namespace

Facts facts_of_text(const Facts& here, std::string_view script) {
    if (script.size() > kMostText) return here;
    const auto tree = shell::parse(script);
    const auto* command = tree ? first_command(*tree) : nullptr;
    if (command == nullptr || command->words.size() != 2 || literal(command->words[0], here) != "cd") return here;
    const auto folder = literal(command->words[1], here);
    if (!folder.starts_with('/')) return here;
    auto there = facts_of_path(folder, here.home);
    if (there.workspace.empty()) return here;
    there.env = here.env;
    there.real = here.real;
    return there;
}

} // namespace owhale::policy
