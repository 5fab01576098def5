// The terminal we stand on: its size, and raw mode that is taken back however the program ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::cli {

struct WindowSize {
    std::uint16_t rows = 0, columns = 0;
    bool operator==(const WindowSize&) const = default;
};
// The size of the first of the three standard descriptors that is a terminal.
std::optional<WindowSize> window_size();

bool is_terminal(int fd);
// Whether we may read from this terminal now: a background job that reads from it would be stopped.
bool in_foreground(int fd);

// Raw mode on a terminal, from construction to destruction. The former settings also come back on exit() and on a
// signal that would end us. One at a time.
class RawMode {
public:
    static Result<RawMode> enter(int fd);
    RawMode(RawMode&& other) noexcept;
    RawMode& operator=(RawMode&&) = delete;
    RawMode(const RawMode&) = delete;
    RawMode& operator=(const RawMode&) = delete;
    ~RawMode();

    // For the time that we are stopped: former settings, and raw again.
    void pause() const;
    void resume() const;

private:
    explicit RawMode(int fd) : fd_(fd) {}
    int fd_;
};

// The alternate screen; leaving it also brings back wrapping, the cursor, and pastes that are not told.
inline constexpr std::string_view kEnterScreen = "\x1b[?1049h",
                                  kLeaveScreen = "\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[0m\x1b[?1049l";
// On this terminal it is left wherever RawMode's settings come back by themselves; -1: on none.
void leave_screen_at_exit(int fd);

} // namespace owhale::cli
