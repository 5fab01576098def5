#include "policy/shell/ansi.hpp"

#include <cstdint>
#include <utility>

#include "policy/shell/characters.hpp"

namespace owhale::policy::shell {

namespace {

constexpr std::pair<char, char> kSimple[] = {
    {'a', '\a'}, {'b', '\b'}, {'e', '\x1b'}, {'E', '\x1b'}, {'f', '\f'}, {'n', '\n'}, {'r', '\r'},
    {'t', '\t'}, {'v', '\v'}, {'\\', '\\'},  {'\'', '\''},  {'"', '"'},  {'?', '?'},
};

int hex_digit(char byte) {
    if (is_digit(byte)) return byte - '0';
    const int lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Digits of a base from the front of `text`, at most `count`, taken off; how many there were.
std::size_t take_number(std::string_view& text, int base, std::size_t count, std::uint32_t& value) {
    std::size_t taken = 0;
    for (value = 0; taken < count && taken < text.size(); ++taken) {
        const int digit = hex_digit(text[taken]);
        if (digit < 0 || digit >= base) break;
        value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
    }
    text.remove_prefix(taken);
    return taken;
}

// As bash's u32toutf8, which knows the old forms of five and six bytes too.
void append_utf8(std::string& out, std::uint32_t point) {
    if (point < 0x80) {
        out += static_cast<char>(point);
        return;
    }
    int extra = 1;
    for (std::uint32_t limit = 0x800; extra < 5 && point >= limit; limit <<= 5) ++extra;
    if (point > 0x7fffffff) return;
    out += static_cast<char>((0xff << (7 - extra) & 0xff) | static_cast<int>(point >> (6 * extra)));
    for (int rest = extra - 1; rest >= 0; --rest) out += static_cast<char>(0x80 | (point >> (6 * rest) & 0x3f));
}

class Decoder {
public:
    explicit Decoder(std::string_view text) : text_(text) {}

    std::string all() {
        while (!text_.empty() && !ended_) {
            const char byte = take();
            if (byte == '\\' && !text_.empty())
                escape(take());
            else
                out_ += byte;
        }
        return std::move(out_);
    }

private:
    char take() {
        const char byte = text_.front();
        text_.remove_prefix(1);
        return byte;
    }

    void put(std::uint32_t byte) {
        ended_ = (byte & 0xff) == 0;
        if (!ended_) out_ += static_cast<char>(byte & 0xff);
    }

    void keep(char name) {
        out_ += '\\';
        out_ += name;
    }

    void escape(char name) {
        for (const auto& [key, value] : kSimple)
            if (key == name) return void(out_ += value);
        if (name >= '0' && name <= '7') return octal(name);
        if (name == 'x') return hex();
        if (name == 'u' || name == 'U') return unicode(name);
        if (name == 'c' && !text_.empty()) return control();
        keep(name);
    }

    void octal(char first) {
        std::uint32_t rest = 0;
        const auto digits = take_number(text_, 8, 2, rest);
        put((static_cast<std::uint32_t>(first - '0') << (3 * digits)) + rest);
    }

    void hex() {
        const bool braced = !text_.empty() && text_.front() == '{';
        auto text = braced ? text_.substr(1) : text_;
        std::uint32_t value = 0;
        if (take_number(text, 16, braced ? text.size() : 2, value) == 0) return keep('x');
        if (braced && !text.empty() && text.front() == '}') text.remove_prefix(1);
        text_ = text;
        put(value);
    }

    void unicode(char name) {
        std::uint32_t value = 0;
        if (take_number(text_, 16, name == 'u' ? 4 : 8, value) == 0) return keep(name);
        ended_ = value == 0;
        if (!ended_) append_utf8(out_, value);
    }

    void control() {
        const char key = take();
        if (key == '\\' && !text_.empty() && text_.front() == '\\') text_.remove_prefix(1);
        put(key == '?' ? 0x7f : static_cast<unsigned char>(key) & 0x1f);
    }

    std::string_view text_;
    std::string out_;
    bool ended_ = false;
};

} // namespace

std::string decode_ansi(std::string_view text) {
    return Decoder(text).all();
}

} // namespace owhale::policy::shell
