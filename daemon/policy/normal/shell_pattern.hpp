// A shell's patterns (XCU 2.13) over known texts: *, ?, [...], and a backslash before what is itself.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace owhale::policy::normal {

// Texts longer than this are not worked on: what comes out is not known.
constexpr std::size_t kMaxPatternText = 4096;

bool shell_match(std::string_view pattern, std::string_view text);

std::string strip_prefix(std::string_view pattern, std::string_view text, bool longest);
std::string strip_suffix(std::string_view pattern, std::string_view text, bool longest);
// ${x/p/r}; anchor: 0, '#' or '%'.
std::string replace_pattern(std::string_view pattern, std::string_view by, std::string_view text, bool all,
                            char anchor);

} // namespace owhale::policy::normal
