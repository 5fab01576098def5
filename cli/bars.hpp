// Small charts in text: bars of eighth blocks, and lines of the eight block heights (Unicode, Block Elements); plain ASCII
// where the locale is not UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace owhale::cli {

enum class Ink { blocks, ascii };
// What the locale (LC_ALL, LC_CTYPE, LANG) can show.
Ink ink();

// Of `count` where `most` fills `columns`; what is not nothing is at least an eighth, or one "#".
std::string bar(std::uint64_t count, std::uint64_t most, std::size_t columns, Ink ink);
// One column a value; nothing is a blank.
std::string sparkline(const std::vector<std::uint64_t>& values, Ink ink);

} // namespace owhale::cli
