#include "cli/screen.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/keys.hpp"

namespace owhale::cli {
namespace {

// No line may run over into the next: what its width is, the terminal and we might not agree on.
constexpr std::string_view kNoWrap = "\x1b[?7l";
constexpr std::string_view kHide = "\x1b[?25l", kShow = "\x1b[?25h", kClear = "\x1b[H\x1b[2J";

std::string place(std::size_t row, std::size_t column) {
    return "\x1b[" + std::to_string(row + 1) + ";" + std::to_string(column + 1) + "H";
}

} // namespace

Result<Screen> Screen::open() {
    Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal) return fail_errno("opening the terminal");
    auto raw = TRY(RawMode::enter(terminal.get()));
    Screen screen(std::move(terminal), std::move(raw));
    screen.begin();
    return screen;
}

Screen::~Screen() {
    if (!terminal_) return; // moved from
    end();
}

Result<Fd> Screen::keys() const {
    Fd again(::open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!again) return fail_errno("opening the terminal");
    return again;
}

WindowSize Screen::size() const {
    winsize size{};
    if (::ioctl(terminal_.get(), TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {24, 80};
    return {size.ws_row, size.ws_col};
}

void Screen::write(std::string_view text) const {
    while (!text.empty()) {
        const auto count = ::write(terminal_.get(), text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

void Screen::begin() const {
    leave_screen_at_exit(terminal_.get());
    write(std::string(kEnterScreen) + std::string(kNoWrap) + std::string(kHide) + std::string(kTellPastes) +
          std::string(kClear));
}

void Screen::end() const {
    leave_screen_at_exit(-1);
    write(kLeaveScreen);
}

void Screen::draw(const std::vector<std::string>& lines, std::optional<std::pair<std::size_t, std::size_t>> cursor) {
    std::string out(kHide);
    if (shown_.size() != lines.size()) {
        out += kClear;
        shown_.assign(lines.size(), {});
    }
    for (std::size_t row = 0; row < lines.size(); ++row) {
        if (lines[row] == shown_[row]) continue;
        out += place(row, 0) + lines[row] + "\x1b[0m\x1b[K";
        shown_[row] = lines[row];
    }
    if (cursor) out += place(cursor->first, cursor->second) + std::string(kShow);
    write(out);
}

void Screen::ring() {
    write("\a");
}

void Screen::stop() {
    end();
    raw_.pause();
    ::raise(SIGSTOP);
    raw_.resume();
    begin();
    redraw();
}

} // namespace owhale::cli
