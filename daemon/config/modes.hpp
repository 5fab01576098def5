// SECURITY_MODE: everything in which `local` and `strict` differ, in one table.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace owhale::config {

struct Settings;

// What the program reads: `settings.rules->…`.
struct Mode {
    std::string_view name;
    bool default_account;          // an empty table of accounts gets admin/admin, good for changing that password
    bool own_folder_is_workspace;  // the caller's own folder may be written without being registered
    bool plain_tcp;                // TCP on loopback may do without TLS
    bool tracing;                  // debuggers inside a run's own pid namespace
    bool missing_layer_refuses;    // a required isolation layer is missing: refuse the run, else warn and say so
    bool unknown_command_asks;     // a command that no rule knows: ask, else allow it under a ceiling
    bool redacts_live;             // secrets are masked in live output, too
    std::string_view socket_roles; // in the form of `unix-roles`: of uids that no row names
    bool own_human_decides;        // the person behind a uid answers the questions of that uid
    bool reveals_secrets;          // a person reads a value of theirs back from the vault
    bool asks_for_hosts;           // a host that no list knows is a question, else it is refused
    bool publishes_live;           // a port of a run that lives may be published without another question
    std::chrono::milliseconds approval_expiry; // of a question that nobody answers
    std::chrono::milliseconds run_timeout;     // wall time of a run that asks for none; 0: none
};

using Choice = std::variant<bool Mode::*, std::string_view Mode::*, std::chrono::milliseconds Mode::*>;

// What a person reads: a row for each member above but the name.
struct Difference {
    std::string_view name, what;
    std::string_view member; // its name in Mode; a test looks for who reads it
    Choice choice;
    std::string_view yes, no;            // of a bool, in words
    std::string (*now)(const Settings&); // the value in force where a setting may change it; null: the mode's
};

std::span<const Difference> differences();
// A row's value in one mode, in words.
std::string words_for(const Difference& row, const Mode& mode);
// The same as it stands under these settings.
std::string words_now(const Difference& row, const Settings& settings);

std::span<const Mode> modes();
// nullptr when there is no such mode.
const Mode* find_mode(std::string_view name);
// "local, strict"
std::string mode_names();

} // namespace owhale::config
