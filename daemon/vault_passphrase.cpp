#include "vault_passphrase.hpp"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sodium.h>
#include <string>
#include <termios.h>
#include <unistd.h>

#include "base/files.hpp"

namespace owhale {
namespace {

constexpr std::size_t kLongest = 1024;
constexpr const char* kVariable = "OWHALE_VAULT_PASSPHRASE";

// Echo is off while it lives.
class Silence {
public:
    explicit Silence(int tty) : tty_(tty), good_(::tcgetattr(tty, &before_) == 0) {
        auto silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        if (good_) ::tcsetattr(tty_, TCSAFLUSH, &silent);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    ~Silence() {
        if (good_) ::tcsetattr(tty_, TCSAFLUSH, &before_);
    }

private:
    int tty_;
    termios before_{};
    bool good_;
};

SecretBytes read_line(int fd) {
    SecretBytes line(kLongest);
    std::size_t size = 0;
    while (size < kLongest && ::read(fd, line.data() + size, 1) == 1 && line.data()[size] != '\n') ++size;
    return SecretBytes(line.text().substr(0, size));
}

} // namespace

SecretBytes ask_passphrase() {
    if (::sodium_init() < 0) return {};
    const Fd tty(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!tty) return {};
    const Silence silence(tty.get());
    (void)write_all(tty.get(), "Passphrase of owhaled's vault: ");
    auto line = read_line(tty.get());
    (void)write_all(tty.get(), "\n");
    return line;
}

Fd pipe_passphrase(const SecretBytes& passphrase) {
    int ends[2];
    if (passphrase.empty() || ::pipe2(ends, O_CLOEXEC) != 0) return {};
    Fd from(ends[0]);
    const Fd to(ends[1]);
    if (!write_all(to.get(), passphrase.text())) return {};
    return from;
}

SecretBytes take_passphrase() {
    const char* number = std::getenv(kVariable);
    if (number == nullptr || ::sodium_init() < 0) return {};
    const Fd from(std::atoi(number));
    ::unsetenv(kVariable);
    SecretBytes buffer(kLongest);
    std::size_t size = 0;
    for (ssize_t n = 1; n > 0 && size < kLongest; size += static_cast<std::size_t>(n > 0 ? n : 0))
        n = ::read(from.get(), buffer.data() + size, kLongest - size);
    return SecretBytes(buffer.text().substr(0, size));
}

} // namespace owhale
