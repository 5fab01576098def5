// Where one absolute path lies to another, by their text alone.
#pragma once

#include <string_view>

namespace owhale::spawner {

// `folder` is not "/": below that would be nothing.
inline bool same_or_below(std::string_view path, std::string_view folder) {
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

} // namespace owhale::spawner
