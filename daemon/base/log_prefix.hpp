// What base/log.hpp does not write: messages of several lines, how other lines begin, who reads them.
#pragma once

#include <string>
#include <vector>

#include "base/log.hpp"

namespace owhale::log {

// "<4>" where the journal reads stderr, else nothing.
std::string prefix(Level level);
// What takes more than a sentence: the first line, and the others indented below it. Each is escaped, so that none can be made
// to look like two. Where the journal reads stderr it takes each for an entry: whoever can tell it himself sends text_of().
void write_lines(Level level, const std::vector<std::string>& lines);
std::string text_of(const std::vector<std::string>& lines); // without an end
// Whether the journal reads stderr.
bool journal_reads();

} // namespace owhale::log
