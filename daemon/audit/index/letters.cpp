#include "audit/index/letters.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "audit/index/letters_table.hpp"
#include "base/utf8.hpp"

namespace owhale::audit::index {
namespace {

constexpr unsigned char kFirstOdd = 0xf8; // bytes from here on are in no UTF-8
constexpr char32_t kNoCharacter = 0x110000;
constexpr std::string_view kBlanks = " \t\n\v\f\r";

constexpr std::array<Kind, 256> kKinds = [] {
    std::array<Kind, 256> kinds{};
    for (int c = 0; c < 256; ++c) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        const bool joint = std::string_view("_-.+~%#").find(static_cast<char>(c)) != std::string_view::npos;
        auto& kind = kinds[static_cast<std::size_t>(c)];
        if (plain) kind = Kind::part;
        if (joint) kind = Kind::joint;
        if (c >= 0x80 && c < kFirstOdd) kind = Kind::foreign;
    }
    return kinds;
}();

template <std::size_t N> bool within(const std::array<Range, N>& ranges, char32_t point) {
    const auto after = std::ranges::upper_bound(ranges, point, {}, &Range::first);
    return after != ranges.begin() && point <= (after - 1)->last;
}

char32_t one_folded(char32_t point) {
    const auto after = std::ranges::upper_bound(kFolds, point, {}, &Fold::first);
    if (after == kFolds.begin()) return point;
    const auto& run = *(after - 1);
    if (point > run.last || (point - run.first) % run.step != 0) return point;
    return run.to + (point - run.first) / run.step * run.to_step;
}

const char* spelled(char32_t point) {
    const auto* const found = std::ranges::lower_bound(kSpelled, point, {}, &Spelling::of);
    return found != kSpelled.end() && found->of == point ? found->as : nullptr;
}

char32_t point_of(std::string_view character) {
    if (character.size() == 1) return static_cast<unsigned char>(character[0]);
    char32_t point = static_cast<unsigned char>(character[0]) & (0xffU >> (character.size() + 1));
    for (const char c : character.substr(1)) point = point << 6 | (static_cast<unsigned char>(c) & 0x3f);
    return point;
}

void append_utf8(std::string& out, char32_t point) {
    const auto rest = [&](int shift) { out += static_cast<char>(0x80 | (point >> shift & 0x3f)); };
    if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xc0 | point >> 6);
        rest(0);
    } else if (point < 0x10000) {
        out += static_cast<char>(0xe0 | point >> 12);
        rest(6), rest(0);
    } else {
        out += static_cast<char>(0xf0 | point >> 18);
        rest(12), rest(6), rest(0);
    }
}

// Three bits a byte.
void append_delimiter(std::string& out, char32_t point) {
    for (int shift = 18; shift >= 0; shift -= 3) out += static_cast<char>(kFirstOdd | (point >> shift & 7));
}

class Folding {
public:
    explicit Folding(Folded& out) : text_(out.text), seams_(out.seams) {
        text_.clear();
        seams_.clear();
    }
    void take(std::string_view text) {
        while (!text.empty()) {
            const auto size = utf8_character(text);
            if (size == 0)
                append_delimiter(text_, kNoCharacter | static_cast<unsigned char>(text[0]));
            else if (size == 1)
                ascii(text[0]);
            else
                wide(point_of(text.substr(0, size)));
            text.remove_prefix(std::max<std::size_t>(size, 1));
        }
    }

private:
    void ascii(char c) {
        const auto byte = static_cast<unsigned char>(c);
        if (kBlanks.contains(c)) {
            if (!text_.ends_with(' ')) text_ += ' ';
        } else if (byte < 0x20 || byte == 0x7f) {
            seams_.push_back(text_.size());
        } else {
            text_ += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        }
    }
    void wide(char32_t point) {
        if (within(kUnseen, point)) return seams_.push_back(text_.size());
        if (within(kAccents, point)) return;
        if (const auto* text = spelled(point)) return spell(text);
        const auto folded = one_folded(point);
        if (folded < 0x80) return ascii(static_cast<char>(folded));
        if (within(kLetters, folded)) return append_utf8(text_, folded);
        append_delimiter(text_, folded);
    }
    void spell(std::string_view text) {
        for (const char c : text) ascii(c);
    }
    std::string& text_;
    std::vector<std::size_t>& seams_;
};

} // namespace

Kind kind_of(char folded) {
    return kKinds[static_cast<unsigned char>(folded)];
}

void fold(std::string_view text, Folded& out) {
    Folding(out).take(text);
}

} // namespace owhale::audit::index
