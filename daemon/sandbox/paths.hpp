// Paths as text: no file system is asked.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace owhale::sandbox {

// Absolute, without empty, "." and ".." parts, without a trailing slash ("/" alone stands).
bool is_clean_absolute(std::string_view path);
// The same for a path below something: not empty, no leading slash.
bool is_clean_relative(std::string_view path);
// `path` is `folder`, or lies below it.
bool is_within(std::string_view path, std::string_view folder);
bool is_within_any(std::string_view path, std::span<const std::string> folders);
// "/a/b" + "c/d"; "/" + "c" is "/c"; an empty `relative` is the base itself.
std::string join(std::string_view base, std::string_view relative);
// What is left of `path` below `folder`, "" when they are the same.
std::string_view below(std::string_view path, std::string_view folder);
std::string_view parent(std::string_view path);
// "a:b:c" by ':', empty parts left out.
std::vector<std::string> split_search_path(std::string_view text);

} // namespace owhale::sandbox
