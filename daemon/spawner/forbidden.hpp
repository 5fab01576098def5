// The folders that no cage may show: owhaled's own, and those its configuration names.
#pragma once

#include <string>
#include <vector>

#include "shared/error.hpp"

namespace owhale::spawner {

// Of an open descriptor, by name and by (device, inode): forbidden itself, below one, or above one.
Status check_not_forbidden(int fd, const std::vector<std::string>& forbidden);
// Which of them lie below a system folder: to be masked in every cage.
std::vector<std::string> masks_below(const std::string& folder, const std::vector<std::string>& forbidden);
std::string path_of_fd(int fd);

} // namespace owhale::spawner
