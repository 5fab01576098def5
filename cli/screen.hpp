// The whole terminal, for as long as it is needed: raw keys, the alternate screen, and both taken back however we end.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "cli/terminal.hpp"

namespace owhale::cli {

class Screen {
public:
    // On /dev/tty.
    static Result<Screen> open();
    Screen(Screen&&) = default;
    Screen& operator=(Screen&&) = delete;
    ~Screen();

    // A descriptor of its own to read keys from; it may be made non-blocking.
    Result<Fd> keys() const;
    WindowSize size() const;
    // Each line at its own place, whatever the one above it did; those that did not change are left alone. Lines are safe
    // and no wider than the screen. The cursor shows where it is given: row and column, from 0.
    void draw(const std::vector<std::string>& lines, std::optional<std::pair<std::size_t, std::size_t>> cursor);
    void redraw() { shown_.clear(); }
    void ring();
    // Ctrl-Z: the terminal as it was, until we are woken.
    void stop();

private:
    Screen(Fd terminal, RawMode raw) : terminal_(std::move(terminal)), raw_(std::move(raw)) {}
    void write(std::string_view text) const;
    void begin() const;
    void end() const;

    Fd terminal_;
    RawMode raw_;
    std::vector<std::string> shown_;
};

} // namespace owhale::cli
