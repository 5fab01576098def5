// SQLite's functions, loaded when a command reads a database of owhaled's: linked, its loading would be paid by all.
#pragma once

#include <sqlite3.h>

#include "shared/error.hpp"

// Everything that is called; the header gives each its type.
#define OWHALE_LIBSQLITE(F)                                                                                            \
    F(sqlite3_open_v2)                                                                                                 \
    F(sqlite3_close)                                                                                                   \
    F(sqlite3_db_config)                                                                                               \
    F(sqlite3_limit)                                                                                                   \
    F(sqlite3_exec)                                                                                                    \
    F(sqlite3_errcode)                                                                                                 \
    F(sqlite3_errmsg)                                                                                                  \
    F(sqlite3_busy_timeout)                                                                                            \
    F(sqlite3_progress_handler)                                                                                        \
    F(sqlite3_prepare_v2)                                                                                              \
    F(sqlite3_finalize)                                                                                                \
    F(sqlite3_step)                                                                                                    \
    F(sqlite3_reset)                                                                                                   \
    F(sqlite3_bind_int64)                                                                                              \
    F(sqlite3_bind_text)                                                                                               \
    F(sqlite3_column_type)                                                                                             \
    F(sqlite3_column_int64)                                                                                            \
    F(sqlite3_column_text)                                                                                             \
    F(sqlite3_column_blob)                                                                                             \
    F(sqlite3_column_bytes)

namespace owhale::cli {

struct LibSqlite {
#define OWHALE_MEMBER(name) decltype(&::name) name = nullptr;
    OWHALE_LIBSQLITE(OWHALE_MEMBER)
#undef OWHALE_MEMBER
};

// Stays loaded. `unsupported` when this machine has no SQLite 3.
Result<const LibSqlite*> libsqlite();

} // namespace owhale::cli
