// Paths by their text alone: made absolute by components, compared by components. Holes and globs stay in as in Value.
#pragma once

#include <string>
#include <string_view>

namespace owhale::policy {

// `path` seen from `cwd`: absolute, without ".", ".." and "//". One that starts with a hole may be anything: it is kept.
// A hole in a component counts as a name below, though what it stands for could climb: facts say that it is not known.
std::string absolute_path(std::string_view path, std::string_view cwd);

// `path` is `folder`, or below it.
bool is_below(std::string_view path, std::string_view folder);

std::string_view base_name(std::string_view path);
std::string parent_path(std::string_view path);
std::string join_path(std::string_view folder, std::string_view name);

} // namespace owhale::policy
