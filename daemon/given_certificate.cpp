#include "given_certificate.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hpp"
#include "transport/tls.hpp"

namespace owhale {
namespace {

constexpr std::size_t kLargestPem = 256u << 10;

// 0 when the spawner would take it: spawner/files.cpp has the same rules.
int fault_of(const struct stat& st, bool is_key, bool rootless) {
    const bool ours = st.st_uid == 0 || (rootless && st.st_uid == ::getuid());
    if (!S_ISREG(st.st_mode) || !ours || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) return EPERM;
    const bool for_the_group = (st.st_mode & S_IRGRP) != 0 && st.st_gid != 0;
    return is_key && (for_the_group || (st.st_mode & S_IROTH) != 0) ? EPERM : 0;
}

// EACCES in errnum: the user who asks may not read it.
Result<std::string> read_given(const std::string& setting, const std::string& path, bool is_key, bool rootless) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    if (!fd) return std::unexpected(unusable_file(setting, path, errno));
    struct stat st{};
    const int fault = ::fstat(fd.get(), &st) != 0 ? errno : fault_of(st, is_key, rootless);
    if (fault != 0) return std::unexpected(unusable_file(setting, path, fault));
    return read_all(fd.get(), kLargestPem);
}

} // namespace

Error unusable_file(const std::string& setting, const std::string& path, int why) {
    Error error{Code::config_invalid, setting + ": " + path + " ", {}, why, {}};
    const bool is_key = setting == "tls-key";
    if (why == ENOENT || why == ENOTDIR) {
        error.message += "is not there";
        error.next = "name a PEM file that is";
    } else if (why == ELOOP) {
        error.message += "is a link, and links are not followed";
        error.next = "name the file itself: readlink -f " + path;
    } else if (why == EPERM) {
        error.message += is_key ? "is not a regular file of root's (rootless: yours) that nobody else can read or write"
                                : "is not a regular file of root's (rootless: yours) that nobody else can write";
        error.next = is_key ? "chown root: " + path + " and chmod 600 it; rootless it has to be yours"
                            : "chown root: " + path + " and chmod 644 it; rootless it has to be yours";
    } else {
        error.message += "cannot be read";
        error.next = "see that " + std::string(why == EACCES ? "its folders let owhaled through" : "it can be read");
    }
    return error;
}

Result<bool> check_given_certificate(const config::Settings& settings) {
    if (settings.tls_cert.empty() || settings.tcp == "off" || settings.tls != "on") return true;
    auto certificate = read_given("tls-cert", settings.tls_cert, false, settings.rootless);
    if (!certificate && certificate.error().errnum == EACCES) return false;
    if (!certificate) return std::unexpected(certificate.error());
    auto key = read_given("tls-key", settings.tls_key, true, settings.rootless);
    if (!key && key.error().errnum == EACCES) return false;
    if (!key) return std::unexpected(key.error());
    transport::Tls::prepare();
    const auto made =
        transport::Tls::make({*certificate, *key, "tls-cert: " + settings.tls_cert, "tls-key: " + settings.tls_key});
    ::sodium_memzero(key->data(), key->size());
    if (!made) return std::unexpected(made.error());
    return true;
}

} // namespace owhale
