#include "store/failure.hpp"

#include <sqlite3.h>

namespace owhale::store {
namespace {

std::unexpected<Error> unavailable(std::string message, std::string next, int errnum = 0) {
    return std::unexpected(Error{Code::state_unavailable, std::move(message), std::move(next), errnum, {}});
}

std::unexpected<Error> damaged(std::string message, std::string next) {
    return std::unexpected(
        Error{Code::state_unavailable, std::move(message), std::move(next), 0, std::string(kDamaged)});
}

std::string said_by(sqlite3* handle, int code) {
    return handle != nullptr ? ::sqlite3_errmsg(handle) : ::sqlite3_errstr(code);
}

} // namespace

std::unexpected<Error> cannot_open(const std::string& path, int errnum) {
    if (errnum == EROFS) return unavailable(path + " cannot be written", "mount its file system writable", errnum);
    if (errnum == ENOSPC || errnum == EDQUOT)
        return unavailable(path + ": the disk is full", "free space on its file system");
    if (errnum == ELOOP) return unavailable(path + " is a symbolic link", "remove the link");
    return unavailable(path + " cannot be opened", "check the owner and mode of the file and its folder", errnum);
}

std::unexpected<Error> failure(sqlite3* handle, int code, const std::string& path) {
    const int errnum = handle != nullptr ? ::sqlite3_system_errno(handle) : 0;
    if ((code & 0xff) == SQLITE_IOERR && (errnum == ENOSPC || errnum == EDQUOT)) code = SQLITE_FULL;
    switch (code & 0xff) {
    case SQLITE_FULL:
        return unavailable(path + ": the disk is full", "free space on its file system");
    case SQLITE_READONLY:
        return unavailable(path + " is read-only", "check its mount, owner and mode");
    case SQLITE_CORRUPT:
        return damaged(path + " is damaged", "put back a copy, or move it away to begin anew");
    case SQLITE_NOTADB:
        return damaged(path + " is not a database", "move it away");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return unavailable(path + " is locked by another process", "end the other process that uses it");
    case SQLITE_CANTOPEN:
        return cannot_open(path, errnum);
    case SQLITE_IOERR:
        return unavailable(path + " cannot be read or written", "check its disk and file system", errnum);
    case SQLITE_NOMEM:
        return unavailable("out of memory at " + path, "give owhaled more memory");
    default:
        return std::unexpected(Error{Code::internal, path + ": " + said_by(handle, code), {}, 0, {}});
    }
}

} // namespace owhale::store
