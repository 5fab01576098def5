// Which files a command names as code that it runs, by the policy's normal form. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/normal/command.hpp"

namespace owhale::sandbox {

inline constexpr std::size_t kMaxCodeFiles = 64; // of one request: as many as a plan can bind

struct CodeFile {
    std::string path;            // absolute
    std::string role = "script"; // as in api::FrozenFile
    bool made = false;           // the same text writes it before: what it will hold is in that text
    bool sure = true;            // false: an operand of a program that no table knows; it may be no code at all
};

// Files that are run, or read as code, by a path that is known before the run: not what make, imports and the like find.
std::vector<CodeFile> code_files(const policy::NormalForm& form);

struct Hashbang {            // a script's first line, as Linux reads it (fs/binfmt_script.c)
    std::string interpreter; // as it is written: may be relative to the working folder; "" none
    std::string argument;    // all that follows it: one argument
};
Hashbang hashbang_of(std::string_view line);
// What env(1) as an interpreter runs, given that one argument; none when that cannot be told.
std::optional<std::string> env_program(std::string_view argument);
// Of a search path, the first folder in front of `found` that is not one of the system's, where another program of that
// name may be put: "." for the working folder.
std::optional<std::string> open_folder_before(std::string_view path, std::string_view found,
                                              const std::vector<std::string>& system);

} // namespace owhale::sandbox
