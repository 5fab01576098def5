// The files that a text in the form of apply_patch names: "*** Add File: a", "*** Move to: b".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace owhale::cli {

// In order, as written; every line that begins so, also one that its reader might take for content: too many are no harm.
std::vector<std::string> patched_files(std::string_view patch);

// Without the blanks at both ends, Unicode's too.
std::string_view trimmed(std::string_view text);

} // namespace owhale::cli
