// What is known about each agent: agents/*.toml, as constants (agents/freeze makes them when owhalectl is built).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace owhale::cli {

enum class ToolKind : std::uint8_t {
    shell,   // its field is a shell command
    write,   // its field is a file that it changes
    read,    // its field is a file that it reads
    search,  // its field is a folder in whose files it looks; absent: the current one
    reads,   // its fields are lists of files that it reads, patterns among them
    patch,   // its field is a text that begins with "*** Begin Patch"
    none,    // left to the agent
    refused, // a shell that is none of ours
};

// In which form a decision is printed: see cli/hook_answers.hpp.
enum class Answer : std::uint8_t { permission, decision, flat, cursor };

struct Tool {
    std::string_view name;
    ToolKind kind;
    std::string_view field; // alternatives joined by |
};

struct Entry {
    std::string_view at;   // where it goes, parts joined by /
    std::string_view text; // with @owhalectl@ and @hook@
};

struct ConfigPlace {
    std::string_view user, project; // "~/…", and below a project's folder; "" none
    std::string_view format;        // "json", "toml"; "" the agent has none
    std::string_view base;          // members that a new file begins with
    std::span<const Entry> entries; // of [mcp]: one, a member "owhaled" there; of [hook]: elements of lists
};

struct Dialect {
    std::string_view tool, arguments, folder; // members of the input; alternatives joined by |, "" the input itself
    Answer answer = Answer::permission;
    bool rewrite = false, ask = false;
};

struct Agent {
    std::string_view name, title;
    std::span<const std::string_view> programs, documentation;
    std::string_view checked; // when the documentation was read
    std::span<const std::string_view> notes;
    ConfigPlace mcp, hook;
    std::string_view shell; // the line that starts it with owhale-sh for its shell; "" not known
    Dialect dialect;
    std::span<const Tool> tools;
};

std::span<const Agent> all_agents();
// Null: there is none of that name.
const Agent* find_agent(std::string_view name);

// profiles/tables.toml: below a workspace, below a git folder, below a home.
std::span<const std::string_view> protected_files();
std::span<const std::string_view> git_files();
std::span<const std::string_view> credential_files();

} // namespace owhale::cli
