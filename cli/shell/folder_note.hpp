// The folder in which a script ended: told behind all of its output, and taken out of it again.
//
// The frame's `pwd -P >| FILE` runs in the cage, whose /tmp is private: so the script prints the folder instead, and
// owhale-sh writes the agent's file with the caller's rights. A caged command can print such a note too, but only choose by
// it what `cd` chooses as well: a folder that exists. Which file is written is never its to say. The mark is the same each
// time, so that a script is: grants and digests hold from one call to the next.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::cli::shell {

// For sh and bash; functions of those names are passed by.
inline constexpr std::string_view kTellFolder =
    R"sh(command printf '\036\037owhale-folder:%s\037\036' "$(command pwd -P)")sh";

class FolderNote {
public:
    // What of the output so far is surely none of the note's.
    std::string take(std::string_view chunk);
    // Once all output is there: the folder that its very end tells.
    std::optional<std::string> folder() const;
    // What was held back and is output after all.
    std::string rest() const;

private:
    std::string held_;
};

// Writes a folder's name and a line's end to an agent's file. The file is new or a regular one of the caller's own with one name, and no
// link leads to it; the folder exists, and its name is printable. Else nothing is written, and the error says why.
Status write_folder(const std::string& file, const std::string& folder);

} // namespace owhale::cli::shell
