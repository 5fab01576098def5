// An agent's configuration file, read whole and replaced whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::cli {

struct ConfigFile {
    std::string path;                // with every link followed
    std::optional<std::string> text; // none: there is no such file
};
// At most 4 MiB. Refused (forbidden) when it is no plain file, or belongs to another user: a link is followed to its file then.
Result<ConfigFile> read_config_file(const std::string& path);

// Replaces it atomically and durably; owner and mode stay, a new one has 0600. Folders on the way are made. conflict: it is not
// what it was when it was read.
Status write_config_file(const ConfigFile& before, std::string_view text);
// The same for a file that is to go.
Status remove_config_file(const ConfigFile& before);

// One hunk for all that differs, with three lines around, as diff -u has it.
std::string unified_diff(const std::string& path, const std::optional<std::string>& before, std::string_view after);

} // namespace owhale::cli
