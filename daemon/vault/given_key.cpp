#include "vault/given_key.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "vault/empty_mark.hpp"

namespace owhale::vault {
namespace {

constexpr std::size_t kLongestPassphrase = 1024, kLongestKeyFile = 128;
constexpr const char* kKeyCredential = "owhaled-vault-key";
constexpr const char* kPassphraseCredential = "owhaled-vault-passphrase";

std::unexpected<Error> unusable(std::string what, std::string next, int errnum = 0) {
    return std::unexpected(Error{Code::vault_unavailable, std::move(what), std::move(next), errnum, {}});
}

// Its owner is who starts owhaled: root, or rootless the user.
Status check_file(int fd, const std::string& path) {
    struct stat st{};
    if (::fstat(fd, &st) != 0) return unusable(path + " cannot be examined", "", errno);
    if (!S_ISREG(st.st_mode)) return unusable(path + " is not a regular file", "put the key file itself there");
    if (st.st_uid != ::geteuid())
        return unusable(path + " belongs to uid " + std::to_string(st.st_uid),
                        "chown " + std::to_string(::geteuid()) + " " + path);
    if ((st.st_mode & 077) != 0)
        return unusable(path + " can be read by others",
                        "chmod 600 " + path + "; whoever read it has the key: owhalectl secrets rekey --file " + path);
    if (st.st_nlink != 1) return unusable(path + " has a second name", "remove the other hard link");
    return {};
}

// At most so many bytes, straight into guarded memory.
Result<SecretBytes> read_secret(int fd, const std::string& path, std::size_t most) {
    SecretBytes buffer(most + 1);
    std::size_t size = 0;
    while (size <= most) {
        const auto n = ::read(fd, buffer.data() + size, most + 1 - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return unusable(path + " cannot be read", "", errno);
        if (n == 0) break;
        size += static_cast<std::size_t>(n);
    }
    if (size > most) return unusable(path + " is too long", "it holds " + std::to_string(most) + " bytes at most");
    return SecretBytes(buffer.text().substr(0, size));
}

Result<Fd> open_file(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (fd) return fd;
    const int why = errno;
    if (why == ELOOP) return unusable(path + " is a symbolic link", "put the key file itself there");
    return unusable(path + " cannot be opened", "check its owner and mode, and those of its folder", why);
}

// 32 bytes, or 64 hex digits and a line end.
Result<SecretBytes> as_key(SecretBytes read, const std::string& path) {
    if (read.size() == kKeyBytes) return read;
    SecretBytes key(kKeyBytes);
    std::size_t size = 0;
    const char* end = nullptr;
    const auto text = read.text();
    const bool hex = ::sodium_hex2bin(key.data(), key.size(), text.data(), text.size(), "\r\n", &size, &end) == 0 &&
                     size == kKeyBytes && end == text.data() + text.size();
    if (!hex) return unusable(path + " is no key", "it holds 32 random bytes, or 64 hex digits");
    return key;
}

Result<SecretBytes> read_key_file(const std::string& path) {
    const auto fd = TRY(open_file(path));
    CHECK(check_file(fd.get(), path));
    auto read = TRY(read_secret(fd.get(), path, kLongestKeyFile));
    return as_key(std::move(read), path);
}

// All of it or nothing: a file that was cut short would be a key that no backup knows.
Status make_key_file(const std::string& path) {
    const auto folder = std::filesystem::path(path).parent_path().string();
    std::error_code ignored;
    if (!std::filesystem::exists(folder, ignored)) {
        std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), ignored);
        ::mkdir(folder.c_str(), ::geteuid() == 0 ? 0755 : 0700);
    }
    const auto made = path + ".made";
    ::unlink(made.c_str());
    const Fd fd(::open(made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd)
        return unusable("the vault's key file cannot be made: " + made,
                        "make its folder, or name another file with vault-key-file", errno);
    SecretBytes key(kKeyBytes);
    ::randombytes_buf(key.data(), key.size());
    const bool whole = write_all(fd.get(), key.text()) && ::fchmod(fd.get(), 0600) == 0 && ::fsync(fd.get()) == 0;
    // link and unlink, not rename: a key that somebody put there meanwhile stays.
    if (!whole || ::link(made.c_str(), path.c_str()) != 0) {
        const int why = errno;
        ::unlink(made.c_str());
        return unusable("the vault's key file cannot be made: " + path, "check its folder", why);
    }
    ::unlink(made.c_str());
    if (const auto kept = sync_folder(folder); !kept)
        return unusable(folder + " cannot be written to disk", "", kept.error().errnum);
    log::info("the vault's key file is made; keep a copy of it apart from the state folder", {{"file", path}});
    return {};
}

bool exists(const std::string& path) {
    struct stat st{};
    return ::lstat(path.c_str(), &st) == 0 || errno != ENOENT;
}

Status from_file(const config::Settings& settings, GivenKey& given) {
    const auto& path = settings.vault_key_file;
    given.how = "the file " + path;
    const auto next = path + ".new"; // a rekey had begun
    if (!exists(path) && !exists(next)) {
        // A new key opens nothing of what is there, and looks like the right one to who finds it.
        if (!may_make_key(settings.state_dir)) {
            given.withheld = true;
            return unusable("the vault's key file " + path +
                                " is not there, and no new one was made: it would open none of the secrets that " +
                                settings.state_dir + "/state.db may hold",
                            "put it back from the backup, or name it with vault-key-file, and start owhaled again; " +
                                begin_anew(settings.state_dir));
        }
        CHECK(make_key_file(path));
    }
    if (exists(path)) given.keys.push_back(TRY(read_key_file(path)));
    if (exists(next)) given.keys.push_back(TRY(read_key_file(next)));
    return {};
}

std::string credential(const char* name) {
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr || folder[0] != '/') return {};
    const auto path = std::string(folder) + "/" + name;
    return exists(path) ? path : std::string();
}

Status from_credential(GivenKey& given) {
    given.how = "the credential " + std::string(kKeyCredential);
    const auto path = credential(kKeyCredential);
    if (path.empty())
        return unusable("there is no credential " + std::string(kKeyCredential),
                        "LoadCredentialEncrypted=owhaled-vault-key:PATH in owhaled's unit");
    const auto fd = TRY(open_file(path)); // systemd made it, for us alone
    auto read = TRY(read_secret(fd.get(), path, kLongestKeyFile));
    given.keys.push_back(TRY(as_key(std::move(read), path)));
    return {};
}

Status from_passphrase(GivenKey& given, SecretBytes asked) {
    given.how = "a passphrase";
    given.passphrase = std::move(asked);
    if (given.passphrase.empty()) {
        const auto path = credential(kPassphraseCredential);
        if (path.empty())
            return unusable("the vault's passphrase was not given",
                            "start owhaled on a terminal, or give it the credential " +
                                std::string(kPassphraseCredential));
        const auto fd = TRY(open_file(path));
        auto read = TRY(read_secret(fd.get(), path, kLongestPassphrase));
        auto text = read.text();
        while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
        given.passphrase = SecretBytes(text);
    }
    if (given.passphrase.empty()) return unusable("the vault's passphrase is empty", "choose one");
    return {};
}

} // namespace

std::string begin_anew(const std::string& state_dir) {
    return "if nothing in the vault is worth keeping, stop owhaled, sqlite3 " + state_dir +
           "/state.db 'DELETE FROM secrets; DELETE FROM vault', touch " + state_dir +
           "/vault.empty, and start it again (man owhaled-secrets)";
}

GivenKey read_given_key(const config::Settings& settings, SecretBytes passphrase) {
    GivenKey given;
    const auto& from = settings.vault_key;
    const bool is_credential = from == "credential" || (from == "auto" && !credential(kKeyCredential).empty());
    Status read;
    if (from == "off")
        given.how = "off",
        read = unusable("the vault is off", "set vault-key in owhaled.conf, and start owhaled again");
    else if (from == "passphrase")
        read = from_passphrase(given, std::move(passphrase));
    else
        read = is_credential ? from_credential(given) : from_file(settings, given);
    if (!read) {
        given.missing = read.error();
        given.keys.clear();
    }
    return given;
}

Given read_given(const config::Settings& settings, SecretBytes passphrase) {
    constexpr std::size_t kLongest = 1u << 20;
    Given given{read_given_key(settings, std::move(passphrase)), {}};
    const auto path = settings.hosts_dir + "/shared-hosts";
    if (!exists(path)) return given;
    auto text = read_trusted(path, kLongest);
    if (text)
        given.shared_hosts = std::move(*text);
    else // without it more hosts would take secrets than the administrator wants
        given.key = {
            "off",
            {},
            {},
            Error{Code::vault_unavailable, "the vault is closed: " + to_line(text.error()), text.error().next, 0, {}}};
    return given;
}

bool asks_passphrase(const config::Settings& settings) {
    return settings.vault_key == "passphrase" && credential(kPassphraseCredential).empty();
}

} // namespace owhale::vault
