#include "cli/libssl.hpp"

#include <dlfcn.h>

namespace owhale::cli {
namespace {

constexpr auto kLibrary = "libssl.so.3"; // its symbols are looked up in libcrypto, which it needs, too

std::unexpected<Error> missing(const char* why) {
    return fail(Code::unsupported, std::string("https:// needs OpenSSL 3: ") + (why != nullptr ? why : kLibrary),
                "install libssl3, or use a Unix socket");
}

Result<LibSsl> load() {
    void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return missing(::dlerror());
    LibSsl all;
#define OWHALE_LOAD(function)                                                                                          \
    all.function = reinterpret_cast<decltype(all.function)>(::dlsym(library, #function));                              \
    if (all.function == nullptr) return missing(::dlerror());
    OWHALE_LIBSSL(OWHALE_LOAD)
#undef OWHALE_LOAD
    // No handler at exit: it would take the library away under the thread that ends a session.
    all.OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, nullptr);
    return all;
}

} // namespace

Result<const LibSsl*> libssl() {
    static const auto loaded = load();
    if (!loaded) return std::unexpected(loaded.error());
    return &*loaded;
}

} // namespace owhale::cli
