#include "page/files.hpp"

#include <algorithm>

namespace owhale::page {

const File* find(std::string_view path) {
    const auto all = files();
    const auto found = std::ranges::find(all, path, &File::path);
    return found == all.end() ? nullptr : &*found;
}

} // namespace owhale::page
