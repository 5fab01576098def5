#include "base/sign_key.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

#include "base/files.hpp"

namespace owhale {
namespace {

std::unexpected<Error> unusable(const std::string& path, const std::string& why, std::string next, int errnum = 0) {
    return std::unexpected(Error{Code::state_unavailable, path + " " + why, std::move(next), errnum, {}});
}

std::unexpected<Error> anothers(const std::string& path, const struct stat& st) {
    return unusable(path, "belongs to uid " + std::to_string(st.st_uid),
                    "give it to owhaled: chown " + std::to_string(::geteuid()) + " " + path);
}

// A link, or another's file, says so; anything else says what the system did.
std::unexpected<Error> cannot_open(const std::string& path, int errnum) {
    struct stat st{};
    if (errnum == ELOOP) return unusable(path, "is a symbolic link", "put the key file itself there");
    if (errnum == EACCES && ::lstat(path.c_str(), &st) == 0 && st.st_uid != ::geteuid()) return anothers(path, st);
    return unusable(path, "cannot be opened", "check its owner and mode, and those of its folder", errnum);
}

Status closed_to_others(int fd, const std::string& path) {
    struct stat st{};
    if (::fstat(fd, &st) != 0) return unusable(path, "cannot be examined", "", errno);
    if (!S_ISREG(st.st_mode)) return unusable(path, "is not a regular file", "put the key file back from a backup");
    if (st.st_uid != ::geteuid()) return anothers(path, st);
    if ((st.st_mode & 077) != 0) return unusable(path, "can be read by others", "chmod 600 " + path);
    return {};
}

std::string id_of(const SignKey::Public& key) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
    ::crypto_hash_sha256(digest.data(), key.data(), key.size());
    std::array<char, 17> hex{};
    ::sodium_bin2hex(hex.data(), hex.size(), digest.data(), 8);
    return hex.data();
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace

struct SignKey::Secret {
    std::array<unsigned char, crypto_sign_SECRETKEYBYTES> bytes{};
};

void SignKey::Wipe::operator()(Secret* secret) const {
    ::sodium_munlock(secret, sizeof *secret); // and wipes
    delete secret;
}

SignKey SignKey::of_seed(std::string& seed) {
    SignKey key;
    key.secret_.reset(new Secret);
    ::sodium_mlock(key.secret_.get(), sizeof(Secret));
    ::crypto_sign_seed_keypair(key.public_.data(), key.secret_->bytes.data(), bytes_of(seed));
    ::sodium_memzero(seed.data(), seed.size());
    key.id_ = id_of(key.public_);
    return key;
}

Result<SignKey> SignKey::open(const std::string& path) {
    if (::sodium_init() < 0) return fail(Code::internal, "libsodium does not start");
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) return cannot_open(path, errno);
    CHECK(closed_to_others(fd.get(), path));
    auto seed = TRY(read_all(fd.get(), 4096));
    if (seed.size() != crypto_sign_SEEDBYTES)
        return unusable(path, "is damaged", "put the key file back from a backup");
    return of_seed(seed);
}

Result<SignKey> SignKey::make(const std::string& path) {
    if (::sodium_init() < 0) return fail(Code::internal, "libsodium does not start");
    std::string seed(crypto_sign_SEEDBYTES, '\0');
    ::randombytes_buf(seed.data(), seed.size());
    CHECK(write_file(path, seed, 0600));
    return of_seed(seed);
}

SignKey::Signature SignKey::sign(std::string_view bytes) const {
    Signature signature{};
    ::crypto_sign_detached(signature.data(), nullptr, bytes_of(bytes), bytes.size(), secret_->bytes.data());
    return signature;
}

bool SignKey::verify(const Public& key, std::string_view bytes, const Signature& signature) {
    return ::crypto_sign_verify_detached(signature.data(), bytes_of(bytes), bytes.size(), key.data()) == 0;
}

} // namespace owhale
