// Shell commands that are already a call of this very owhalectl: they are not put into a cage once more.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/error.hpp"

namespace owhale::cli {

// Our own program: where /proc/self/exe leads. What is handed to an agent names it whole, for its PATH may be another.
Result<std::string> own_program();

// The words of a text that is one simple command without expansions, patterns, redirections, assignments and operators, read
// alike by sh, bash, zsh and fish; none for every other text.
std::optional<std::vector<std::string>> plain_words(std::string_view text);

struct OwnCommand {
    enum class Kind { other, harmless, human } kind = Kind::other;
    std::vector<std::string> words; // of a harmless one: `program` first, whatever name it was called by
    std::string verb;               // of one that is a person's: "approve"
};
// `other` when the program is not the file `program`, or when it is, and its options reach further than a run does.
OwnCommand own_command(std::string_view text, const std::string& folder, const std::string& program);

// The words as a shell needs them.
std::string command_line(const std::vector<std::string>& words);

} // namespace owhale::cli
