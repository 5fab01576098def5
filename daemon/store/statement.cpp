#include "store/statement.hpp"

#include <sqlite3.h>

#include "store/failure.hpp"

namespace owhale::store {
namespace {

std::unexpected<Error> told(sqlite3_stmt* statement, int code) {
    auto* handle = ::sqlite3_db_handle(statement);
    const char* path = ::sqlite3_db_filename(handle, "main");
    return failure(handle, code, path != nullptr ? path : "database");
}

} // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
    ::sqlite3_finalize(statement);
}

Statement::Use::~Use() {
    if (statement_ == nullptr) return;
    // The step has told its error already; reset repeats it.
    ::sqlite3_reset(statement_);
    ::sqlite3_clear_bindings(statement_);
}

void Statement::Use::bind(int at, std::string_view text) {
    const int code = ::sqlite3_bind_text64(statement_, at, text.data() == nullptr ? "" : text.data(), text.size(),
                                           SQLITE_TRANSIENT, SQLITE_UTF8);
    if (bound_ == SQLITE_OK) bound_ = code;
}

void Statement::Use::bind(int at, std::span<const std::uint8_t> bytes) {
    const int code = bytes.empty()
                         ? ::sqlite3_bind_zeroblob(statement_, at, 0)
                         : ::sqlite3_bind_blob64(statement_, at, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
    if (bound_ == SQLITE_OK) bound_ = code;
}

void Statement::Use::bind(int at, std::nullopt_t) {
    const int code = ::sqlite3_bind_null(statement_, at);
    if (bound_ == SQLITE_OK) bound_ = code;
}

void Statement::Use::bind_integer(int at, std::int64_t value) {
    const int code = ::sqlite3_bind_int64(statement_, at, value);
    if (bound_ == SQLITE_OK) bound_ = code;
}

Result<bool> Statement::Use::next() {
    if (bound_ != SQLITE_OK) return told(statement_, bound_);
    const int code = ::sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return told(statement_, code);
}

Status Statement::Use::run() {
    while (TRY(next())) {}
    return {};
}

std::string Statement::Use::text(int column) const {
    const auto* text = reinterpret_cast<const char*>(::sqlite3_column_text(statement_, column));
    return text == nullptr ? std::string()
                           : std::string(text, static_cast<std::size_t>(::sqlite3_column_bytes(statement_, column)));
}

std::int64_t Statement::Use::integer(int column) const {
    return ::sqlite3_column_int64(statement_, column);
}

std::string Statement::Use::blob(int column) const {
    const auto* bytes = static_cast<const char*>(::sqlite3_column_blob(statement_, column));
    return bytes == nullptr ? std::string()
                            : std::string(bytes, static_cast<std::size_t>(::sqlite3_column_bytes(statement_, column)));
}

bool Statement::Use::null(int column) const {
    return ::sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

} // namespace owhale::store
