// The command that somebody is asked about, drawn whole: by lines, long ones folded by the commands in them, with what
// decided underlined.
#pragma once

#include <string>
#include <vector>

#include "cli/drawing.hpp"
#include "shared/api_approvals.hpp"

namespace owhale::cli {

struct Source {
    std::string text;               // the script or code, or argv as a shell would take it
    std::size_t begin = 0, end = 0; // bytes of it that decided; equal: none, or it is not in the text
    std::string apart;              // what decided, when it is not in the text
    std::vector<std::size_t> folds; // bytes where a command begins
};

// Of its frozen plan; of its command where it has none, as in lists.
Source source_of(const api::Approval& approval);
std::vector<Line> draw_source(const Source& source, std::size_t columns, Tone decided);

// In one line, for lists: controls made visible, nothing of it cut.
std::string command_line(const api::Approval& approval);

} // namespace owhale::cli
