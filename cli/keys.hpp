// Keys out of what a terminal in raw mode sends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace owhale::cli {

enum class Key : std::uint8_t {
    text, // one character
    enter,
    escape,
    backspace,
    erase_line, // Ctrl-U
    up,
    down,
    page_up,
    page_down,
    first, // Home
    last,  // End
    interrupt,
    suspend,
    end_of_input,
    redraw, // Ctrl-L
    unknown,
};

struct Press {
    Key key = Key::unknown;
    std::string text;
    bool pasted = false;
    bool alone = false; // nothing else came with it: neither pasted nor typed ahead
};

// Bytes to keys; what is cut in two waits for its rest, but for a lone ESC, which is one.
class KeyReader {
public:
    std::vector<Press> take(std::string_view bytes);

private:
    bool one(std::vector<Press>& out);
    bool sequence(std::vector<Press>& out);

    std::string waiting_;
    bool pasting_ = false;
};

// For the terminal: tells a paste from typing.
inline constexpr std::string_view kTellPastes = "\x1b[?2004h", kTellNoPastes = "\x1b[?2004l";

} // namespace owhale::cli
