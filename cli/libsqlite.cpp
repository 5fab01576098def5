#include "cli/libsqlite.hpp"

#include <dlfcn.h>

namespace owhale::cli {
namespace {

constexpr auto kLibrary = "libsqlite3.so.0";

std::unexpected<Error> missing(const char* why) {
    return fail(Code::unsupported,
                std::string("reading owhaled's database needs SQLite 3: ") + (why != nullptr ? why : kLibrary),
                "install libsqlite3-0, or verify over owhaled's socket");
}

Result<LibSqlite> load() {
    void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return missing(::dlerror());
    LibSqlite all;
#define OWHALE_LOAD(function)                                                                                          \
    all.function = reinterpret_cast<decltype(all.function)>(::dlsym(library, #function));                              \
    if (all.function == nullptr) return missing(::dlerror());
    OWHALE_LIBSQLITE(OWHALE_LOAD)
#undef OWHALE_LOAD
    return all;
}

} // namespace

Result<const LibSqlite*> libsqlite() {
    static const auto loaded = load();
    if (!loaded) return std::unexpected(loaded.error());
    return &*loaded;
}

} // namespace owhale::cli
