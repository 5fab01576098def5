// Which files a command names as code that it runs, by the policy's normal form. Pure.
#pragma once

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
// The interpreter of a script's "#!" line; "" when it names none by an absolute path.
std::string interpreter_of(std::string_view hashbang);

} // namespace owhale::sandbox
