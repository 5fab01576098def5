// What is no export that can be verified, though somebody may take it for one: each is refused with what to do instead.
#pragma once

#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::cli::verify {

// By the first line that is not empty: the other formats are for reading elsewhere; neither the bytes that are hashed nor a
// checkpoint is in them.
Status check_format(std::string_view line);
// By its first bytes: owhaled's own file. `fd` stays where it is.
Status check_no_database(int fd, const std::string& path);

} // namespace owhale::cli::verify
