// What an SQLite result code means to whoever runs owhaled.
#pragma once

#include <string>
#include <string_view>

#include "shared/error.hpp"

struct sqlite3;

namespace owhale::store {

// Error::step of a file whose contents are no good: it is another or a broken database.
inline constexpr std::string_view kDamaged = "damaged";

// `code` is an extended result code; `handle` may be null when the file could not be opened.
std::unexpected<Error> failure(sqlite3* handle, int code, const std::string& path);
std::unexpected<Error> cannot_open(const std::string& path, int errnum);

} // namespace owhale::store
