// What a request asks to run, made into an argv: argv as it is, a script for a shell, code for its interpreter.
//
// Linux takes at most 128 KiB in one argument; longer text goes into a read-only file of the cage.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/api.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

inline constexpr std::size_t kMaxArguments = 10'000;
inline constexpr std::size_t kMaxArgumentBytes = 2u << 20;
inline constexpr std::size_t kMaxOneArgument = (128u << 10) - 1; // MAX_ARG_STRLEN, less the NUL
inline constexpr std::size_t kMaxText = 1u << 20;                // script or code

struct Language {
    std::string_view name;
    std::string_view program; // looked up on the caller's PATH
    std::string_view package; // the Debian package that has it
    std::string_view extension;
    std::string_view needs; // a second program, absolute, "" none
    std::string_view needs_package;
};

const Language* find_language(std::string_view name);

struct Command {
    std::vector<std::string> argv;
    std::vector<std::string> shown;    // as the API tells it: the text itself, not the file
    std::vector<std::string> programs; // candidates for the program, in order of preference
    std::string file_path, file_text;  // a file the cage needs, "" none
    const Language* language = nullptr;
    bool is_code = false; // of the request's `code`: another default time limit
};

// Exactly one of argv, script, language with code; every limit above, by name.
Result<Command> make_command(const api::RunRequest& request);
// The limits of an argv alone.
Status check_arguments(const std::vector<std::string>& argv, std::string_view what);
Status check_environment(const std::map<std::string, std::string>& env);

} // namespace owhale::sandbox
