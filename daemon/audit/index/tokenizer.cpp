// https://sqlite.org/fts5.html, section 7: extending FTS5.
#include "audit/index/tokenizer.hpp"

#include <sqlite3.h>
#include <string_view>

#include "audit/index/facts.hpp"

namespace owhale::audit::index {
namespace {

using Take = int (*)(void*, int, const char*, int, int, int);

int create(void*, const char**, int, Fts5Tokenizer** out) {
    static char nothing;
    *out = reinterpret_cast<Fts5Tokenizer*>(&nothing); // it has no state
    return SQLITE_OK;
}

void destroy(Fts5Tokenizer*) {}

int tokenize(Fts5Tokenizer*, void* context, int, const char* text, int size, Take take) {
    const std::string_view all(text, static_cast<std::size_t>(size));
    for (std::size_t at = 0; at < all.size();) {
        const auto end = std::min(all.find(kBetween, at), all.size());
        if (end > at) {
            const int code =
                take(context, 0, text + at, static_cast<int>(end - at), static_cast<int>(at), static_cast<int>(end));
            if (code != SQLITE_OK) return code;
        }
        at = end + 1;
    }
    return SQLITE_OK;
}

fts5_api* api_of(sqlite3* handle) {
    fts5_api* api = nullptr;
    sqlite3_stmt* statement = nullptr;
    if (::sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &statement, nullptr) != SQLITE_OK) return nullptr;
    ::sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
    ::sqlite3_step(statement);
    ::sqlite3_finalize(statement);
    return api;
}

} // namespace

Status register_tokenizer(store::Database& database) {
    auto* api = api_of(database.handle());
    fts5_tokenizer tokenizer{create, destroy, tokenize};
    if (api == nullptr || api->xCreateTokenizer(api, "owhale", nullptr, &tokenizer, nullptr) != SQLITE_OK)
        return fail(Code::internal, "this SQLite has no FTS5", "install Debian's libsqlite3-0");
    return {};
}

} // namespace owhale::audit::index
