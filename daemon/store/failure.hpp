// What an SQLite result code means to whoever runs owhaled.
#pragma once

#include <string>

#include "shared/error.hpp"

struct sqlite3;

namespace owhale::store {

// `code` is an extended result code; `handle` may be null when the file could not be opened.
std::unexpected<Error> failure(sqlite3* handle, int code, const std::string& path);
std::unexpected<Error> cannot_open(const std::string& path, int errnum);

} // namespace owhale::store
