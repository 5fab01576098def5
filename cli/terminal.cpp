#include "cli/terminal.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

namespace owhale::cli {
namespace {

// Read by signal handlers, so plain data: which terminal to restore, and to what.
volatile std::sig_atomic_t raw_fd = -1, screen_fd = -1;
termios former;

void restore() {
    const int screen = screen_fd, fd = raw_fd;
    screen_fd = -1;
    if (screen >= 0) static_cast<void>(!::write(screen, kLeaveScreen.data(), kLeaveScreen.size()));
    if (fd < 0) return;
    raw_fd = -1;
    std::signal(SIGTTOU, SIG_IGN); // a background job may put its terminal right too
    ::tcsetattr(fd, TCSADRAIN, &former);
}

void restore_and_die(int number) {
    restore();
    std::signal(number, SIG_DFL);
    std::raise(number);
}

termios raw_settings() {
    termios settings = former;
    ::cfmakeraw(&settings);
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    return settings;
}

// Signals of our own failing; those that others send us are handled by the session.
void guard_exits() {
    static const bool once = [] {
        std::atexit(restore);
        for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGALRM, SIGXCPU, SIGXFSZ})
            std::signal(number, restore_and_die);
        return true;
    }();
    static_cast<void>(once);
}

} // namespace

std::optional<WindowSize> window_size() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        winsize size{};
        if (::ioctl(fd, TIOCGWINSZ, &size) == 0) return WindowSize{size.ws_row, size.ws_col};
    }
    return std::nullopt;
}

void leave_screen_at_exit(int fd) {
    screen_fd = fd;
}

bool is_terminal(int fd) {
    return ::isatty(fd) == 1;
}

bool in_foreground(int fd) {
    const auto group = ::tcgetpgrp(fd);
    return group < 0 || group == ::getpgrp();
}

Result<RawMode> RawMode::enter(int fd) {
    if (::tcgetattr(fd, &former) != 0) return fail_errno("reading the terminal's settings");
    guard_exits();
    raw_fd = fd;
    const auto settings = raw_settings();
    if (::tcsetattr(fd, TCSADRAIN, &settings) != 0) return fail_errno("setting the terminal to raw mode");
    return RawMode(fd);
}

RawMode::RawMode(RawMode&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

RawMode::~RawMode() {
    if (fd_ >= 0) restore();
}

void RawMode::pause() const {
    ::tcsetattr(fd_, TCSADRAIN, &former);
}

void RawMode::resume() const {
    const auto settings = raw_settings();
    ::tcsetattr(fd_, TCSADRAIN, &settings);
}

} // namespace owhale::cli
