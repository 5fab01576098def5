// Whether code of other languages than a shell's goes on without an end, or asks for more than a machine has.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace owhale::policy::normal {

// Adds the facts "code.endless" and "code.huge" to `facts`. By the text alone: loops whose condition is always true and whose body
// neither leaves nor waits, and numbers where memory, repetition or a count is asked for. Linear in the text.
void scan_endless(std::string_view language, std::string_view text, std::vector<std::string>& facts);

// huge.cpp: whether a number asks for a gigabyte or more, or has no end. In `text` strings and comments are blank.
bool is_huge(std::string_view language, std::string_view text);

} // namespace owhale::policy::normal
