#include "cli/prompt.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

#include "base/fd.hpp"
#include "cli/escape.hpp"
#include "cli/terminal.hpp"

namespace owhale::cli {
namespace {

bool asks_nobody = false;

constexpr std::size_t kMostLine = 1024;
constexpr int kTries = 3;

Fd open_terminal() {
    return Fd(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
}

volatile std::sig_atomic_t caught = 0;
void catch_signal(int number) {
    caught = number;
}

// While it lives, signals that would end or stop us are held back but while we wait for input, and only interrupt that: the
// terminal is put right first.
class Caught {
public:
    Caught() {
        caught = 0;
        struct sigaction action{};
        action.sa_handler = catch_signal; // without SA_RESTART
        sigset_t held{};
        ::sigemptyset(&held);
        for (const int number : kSignals) ::sigaddset(&held, number);
        ::pthread_sigmask(SIG_BLOCK, &held, &mask_);
        for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &former_[i]);
    }
    Caught(const Caught&) = delete;
    Caught& operator=(const Caught&) = delete;
    ~Caught() {
        for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &former_[i], nullptr);
        ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    }
    // Of the time before.
    const sigset_t* mask() const { return &mask_; }

private:
    static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    std::array<struct sigaction, kSignals.size()> former_{};
    sigset_t mask_{};
};

termios without_echo(termios settings) {
    settings.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK | ECHONL);
    settings.c_lflag |= ICANON | ISIG;
    return settings;
}

// Of a Hush: what its handler needs.
struct Hushed {
    int fd = -1;
    termios former{}, quiet{};
};
Hushed hushed;
constexpr std::array kHushSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

void leave_hushed(int number) {
    ::tcsetattr(hushed.fd, TCSAFLUSH, &hushed.former);
    if (number == SIGTSTP) {
        ::raise(SIGSTOP);
        ::tcsetattr(hushed.fd, TCSAFLUSH, &hushed.quiet);
        return;
    }
    ::signal(number, SIG_DFL);
    ::raise(number);
}

// The settings that a question needs, for as long as it is open.
class Quiet {
public:
    Quiet(int fd, bool secret) : fd_((secret || hushed.fd >= 0) && ::tcgetattr(fd, &former_) == 0 ? fd : -1) {
        if (fd_ < 0) return;
        const auto settings = secret ? without_echo(former_) : hushed.former;
        ::tcsetattr(fd_, TCSAFLUSH, &settings);
    }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;
    ~Quiet() {
        if (fd_ >= 0) ::tcsetattr(fd_, TCSAFLUSH, &former_);
    }
    bool on() const { return fd_ >= 0; }

private:
    termios former_{};
    int fd_;
};

void show(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(fd, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

enum class Read { line, end, interrupted, failed, long_line };

// Byte by byte: what follows the line is somebody else's. What is over the limit is read and dropped.
Read read_line(int fd, std::string& line, const sigset_t* mask = nullptr) {
    bool over = false;
    for (char c = 0;;) {
        pollfd one{fd, POLLIN, 0};
        const bool woken = mask == nullptr || ::ppoll(&one, 1, nullptr, mask) >= 0;
        const auto count = woken ? ::read(fd, &c, 1) : -1;
        if (count < 0 && errno == EINTR && caught == 0) continue;
        if (count < 0) return errno == EINTR ? Read::interrupted : Read::failed;
        if (count == 0 && line.empty()) return Read::end;
        if (count == 0 || c == '\n') return over ? Read::long_line : Read::line;
        if (line.size() < kMostLine)
            line += c;
        else
            over = true;
    }
}

std::unexpected<Error> no_terminal() {
    return fail(Code::unauthenticated, "there is no terminal to ask for a password on",
                "run it in a terminal, or give the password on stdin with --password-stdin");
}

std::unexpected<Error> too_long() {
    return fail(Code::invalid_value, "the line is over " + std::to_string(kMostLine) + " bytes");
}

Read read_answer(int fd, const std::string& question, bool secret, std::string& line) {
    const Caught guard;
    const Quiet quiet(fd, secret);
    if (secret && !quiet.on()) return Read::failed;
    show(fd, question);
    const auto end = read_line(fd, line, guard.mask());
    if (secret || end != Read::line) show(fd, "\n");
    return end;
}

// None at Ctrl-D.
Result<std::optional<std::string>> ask(const std::string& question, bool secret) {
    if (secret) guard_secrets();
    if (!can_ask()) return no_terminal();
    const auto terminal = open_terminal();
    for (;;) {
        std::string line;
        line.reserve(kMostLine); // so that no copy of the first bytes stays behind
        switch (read_answer(terminal.get(), escaped_lines(question), secret, line)) {
        case Read::line:
            return line;
        case Read::interrupted:
            wipe(line);
            ::raise(caught); // a stop comes back here, and asks again
            break;
        case Read::end:
            return std::nullopt;
        case Read::long_line:
            wipe(line);
            return too_long();
        case Read::failed:
            return no_terminal();
        }
    }
}

} // namespace

Hush::Hush() {
    if (!can_ask()) return;
    auto terminal = open_terminal();
    if (::tcgetattr(terminal.get(), &hushed.former) != 0) return;
    hushed.quiet = without_echo(hushed.former);
    hushed.fd = terminal.release();
    struct sigaction action{};
    action.sa_handler = leave_hushed;
    for (const int number : kHushSignals) ::sigaction(number, &action, nullptr);
    ::tcsetattr(hushed.fd, TCSAFLUSH, &hushed.quiet);
}

Hush::~Hush() {
    if (hushed.fd < 0) return;
    ::tcsetattr(hushed.fd, TCSAFLUSH, &hushed.former);
    for (const int number : kHushSignals) ::signal(number, SIG_DFL);
    ::close(std::exchange(hushed.fd, -1));
}

bool can_ask() {
    if (asks_nobody) return false;
    const auto terminal = open_terminal();
    return terminal && in_foreground(terminal.get());
}

void ask_nobody() {
    asks_nobody = true;
}

Result<Secret> ask_secret(const std::string& question) {
    auto typed = TRY(ask(question, true));
    if (typed) return Secret(*std::move(typed));
    return fail(Code::unauthenticated, "cancelled: no password was given", "start it again once you have the password");
}

Result<Secret> ask_password(const std::string& question) {
    std::string before;
    for (int tries = 0; tries < kTries; ++tries) {
        auto typed = TRY(ask_secret(before + question));
        if (!typed.empty()) return typed;
        before = "Nothing was typed.\n";
    }
    return fail(Code::unauthenticated, "no password was typed, three times",
                "start it again once you have the password");
}

Result<std::optional<std::string>> ask_line(const std::string& question) {
    return ask(question, false);
}

Result<bool> ask_yes(const std::string& question) {
    const auto answer = TRY(ask(question, false));
    return answer == "yes";
}

void say(const std::string& text) {
    if (const auto terminal = open_terminal()) show(terminal.get(), escaped_lines(text));
}

Result<Secret> next_secret_from_stdin(const std::string& what) {
    guard_secrets();
    std::string line;
    line.reserve(kMostLine);
    switch (read_line(STDIN_FILENO, line)) {
    case Read::line:
        return Secret(std::move(line));
    case Read::end:
        return Secret();
    case Read::long_line:
        wipe(line);
        return too_long();
    default:
        return fail_errno("reading " + what + " from stdin");
    }
}

Result<Secret> secret_from_stdin(const std::string& what) {
    auto secret = TRY(next_secret_from_stdin(what));
    if (!secret.empty()) return secret;
    return fail(Code::unauthenticated, "stdin holds no line with " + what, "--password-stdin reads one line for each");
}

} // namespace owhale::cli
