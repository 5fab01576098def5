// Which files a command names as code that it runs, by the policy's normal form. Pure.
#pragma once

#include <map>
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
    bool made = false;           // no copy of it runs: the same text writes it before, or only reads it
    bool needed = true;          // nobody can agree while it cannot be read; otherwise it may as well be absent
};

struct NamedPrograms {
    std::vector<std::string> names; // called without a path: which files they are, PATH says
    std::vector<std::string> paths; // what the text itself makes of PATH
};

struct Hashbang { // of a "#!" line, as the kernel reads it
    std::string interpreter, argument;
};

// Files that are run, or read as code, by a path that is known before the run: not what make, imports and the like find.
std::vector<CodeFile> code_files(const policy::NormalForm& form);
NamedPrograms named_programs(const policy::NormalForm& form);
// Files that variables of these names make programs run before their own code.
std::vector<CodeFile> code_of_environment(const std::map<std::string, std::string>& environment,
                                          const std::string& cwd);
// Empty when the line is none.
std::optional<Hashbang> read_hashbang(std::string_view line);
// The words that env(1), called by a "#!" line, would run; empty when its options are not understood.
std::vector<std::string> words_of_env(std::string_view argument);

} // namespace owhale::sandbox
