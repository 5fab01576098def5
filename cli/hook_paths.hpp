// Where a path of an agent's file tool leads, and what lies there that a command in a cage would not reach.
//
// The tool opens the file by itself, later, without a cage: what is found here can be changed in between. So the answers are
// a filter's, and say so.
#pragma once

#include <string>

#include "shared/error.hpp"

namespace owhale::cli {

struct Located {
    std::string named; // from / on, "." and ".." taken off by their text
    std::string real;  // with every link followed that is there now, the last one too, whether or not it leads anywhere
};
// "~/x" is below `home`. invalid_value: over 4096 bytes, a blank at an end, too many links, or what cannot be looked at.
Result<Located> locate(const std::string& path, const std::string& folder, const std::string& home);

// The folder that a run in `folder` could write: the repository's around it, or itself; "" none.
std::string workspace_around(const std::string& folder, const std::string& home);

struct PathRuling {
    enum class Kind { none, ask, deny } kind = Kind::none;
    std::string why;
};
// profiles/tables.toml's lists, whatever the case of the letters: what lies outside of the workspace, and what lets a later,
// uncaged program run code, is asked about; credentials are denied.
PathRuling rule_write(const Located& where, const std::string& workspace, const std::string& home);
PathRuling rule_read(const Located& where, const std::string& home);

} // namespace owhale::cli
