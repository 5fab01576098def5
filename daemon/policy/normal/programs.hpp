// What is known of programs: which of their options take a value, and what their values and operands are.
//
// Made at build time from policy/programs.txt, which describes its own format; sorted by name, nothing happens before main.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "policy/normal/pooled.hpp"

namespace owhale::policy {

enum class Role : std::uint8_t {
    text,       // nothing that rules look at
    path,       // a file: `acts` says what happens to it
    dir,        // the program works in that folder
    command,    // this word and the rest are a command
    shell,      // shell code
    shell_rest, // this word and the rest, joined by spaces, are shell code
    code,       // code in `argument`
    code_rest,  // this word and the rest, joined by spaces, are code in `argument`
    code_file,  // a file of code in `argument`; the rest are its arguments
    module,     // the name of code that is installed
    host,       // a host, or host:port, or user@host
    url,        // a URL, perhaps without its scheme
    port,       // a port, listened on
    host_path,  // HOST:PATH, or a local path: `acts`
    data,       // what is sent: @FILE is a file that is read
    at_file,    // @FILE is a file that is read
    assign,     // NAME=VALUE, for the environment of what follows
    repository, // a remote repository: URL, host:path, path or a name
    package,    // a package to be installed: a name, a URL, a path
    git_config,
    git_config_env, // key=value as of git -c
    ssh_config,     // key=value as of ssh -o
};

// Bits of `acts`, by the number of Act.
constexpr std::uint8_t bit(unsigned act) {
    return static_cast<std::uint8_t>(1U << act);
}

struct RoleRow {
    Role role = Role::text;
    std::uint8_t acts = 0;
    bool sent = false, recursive = false, many = false;
    Pooled argument;
};

struct OptionRow {
    Pooled names; // "-r,-R,--recursive": the first is canonical
    bool valued = false, optional = false;
    RoleRow value;
    Pooled effect; // "r" recursive, "s" sends, "l" listens, "end" of options, or a fact
};

struct FormRow { // operands when one of the options in `when` is there; "" always
    Pooled when;
    std::uint16_t first = 0, count = 0; // of kRoles
};

struct ProgramRow {
    Pooled name;  // "git", "git push"
    Pooled flags; // " sub stop wrap … ", words between blanks
    std::uint16_t first_option = 0, options = 0, first_form = 0, forms = 0;

    bool has(std::string_view flag) const;               // has("sub")
    std::string_view value(std::string_view flag) const; // value("registry") of "registry=pip"
};

const ProgramRow* find_program(std::string_view name); // null: none
std::span<const ProgramRow> program_rows();
std::span<const OptionRow> options_of(const ProgramRow& row);
std::span<const FormRow> forms_of(const ProgramRow& row);
std::span<const RoleRow> roles_of(const FormRow& form);

} // namespace owhale::policy
