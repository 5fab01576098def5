// Words that people bring along from docker, and what is used here instead.
#pragma once

#include <optional>
#include <string_view>

namespace owhale::cli {

// What to say of an unknown command or option `word` after `command` ("run", "runs ls", "" for owhalectl itself).
std::optional<std::string_view> instead_of(std::string_view command, std::string_view word);

// Whether this is docker's -v: a word such as SRC:/DST, which is no program.
bool looks_like_volume(std::string_view word);

} // namespace owhale::cli
