#include "cli/keys.hpp"

#include <array>

#include "cli/escape.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostSequence = 32;

struct Sequence {
    std::string_view bytes; // after ESC
    Key key;
};
constexpr std::array kSequences = {
    Sequence{"[A", Key::up},    Sequence{"[B", Key::down},     Sequence{"OA", Key::up},
    Sequence{"OB", Key::down},  Sequence{"[5~", Key::page_up}, Sequence{"[6~", Key::page_down},
    Sequence{"[H", Key::first}, Sequence{"OH", Key::first},    Sequence{"[1~", Key::first},
    Sequence{"[F", Key::last},  Sequence{"OF", Key::last},     Sequence{"[4~", Key::last},
};

Key control(char c) {
    switch (c) {
    case '\r':
    case '\n':
        return Key::enter;
    case 0x03:
        return Key::interrupt;
    case 0x04:
        return Key::end_of_input;
    case 0x08:
    case 0x7f:
        return Key::backspace;
    case 0x0c:
        return Key::redraw;
    case 0x15:
        return Key::erase_line;
    case 0x1a:
        return Key::suspend;
    default:
        return Key::unknown;
    }
}

// Bytes of the character that begins with this one, as far as its lead says.
std::size_t length_by_lead(char c) {
    const auto lead = static_cast<unsigned char>(c);
    return lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
}

} // namespace

std::vector<Press> KeyReader::take(std::string_view bytes) {
    const bool fresh = waiting_.empty();
    waiting_ += bytes;
    std::vector<Press> out;
    while (!waiting_.empty() && one(out)) {}
    if (out.size() == 1 && fresh && waiting_.empty()) out.front().alone = !out.front().pasted;
    return out;
}

bool KeyReader::one(std::vector<Press>& out) {
    const char c = waiting_.front();
    if (c == 0x1b) return sequence(out);
    const auto length = length_by_lead(c);
    if (waiting_.size() < length) return false;
    const auto text = waiting_.substr(0, length);
    waiting_.erase(0, length);
    const bool printable = decode(text).length == length && !is_unseen(decode(text).value);
    out.push_back({printable ? Key::text : control(c), printable ? text : "", pasting_, false});
    return true;
}

bool KeyReader::sequence(std::vector<Press>& out) {
    if (waiting_.size() == 1 || (waiting_[1] != '[' && waiting_[1] != 'O')) {
        waiting_.erase(0, 1);
        out.push_back({Key::escape, "", pasting_, false});
        return true;
    }
    std::size_t end = 2;
    const auto is_final = [&](char c) { return c >= 0x40 && c <= 0x7e; };
    while (end < waiting_.size() && !is_final(waiting_[end])) ++end;
    if (end == waiting_.size() && end < kMostSequence) return false;
    const auto bytes = waiting_.substr(1, end);
    waiting_.erase(0, end + 1);
    if (bytes == "[200~" || bytes == "[201~") {
        pasting_ = bytes == "[200~";
        return true;
    }
    Press press{Key::unknown, "", pasting_, false};
    for (const auto& known : kSequences)
        if (known.bytes == bytes) press.key = known.key;
    out.push_back(std::move(press));
    return true;
}

} // namespace owhale::cli
