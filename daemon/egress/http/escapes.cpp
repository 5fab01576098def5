#include "egress/http/escapes.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace owhale::egress::http {
namespace {

constexpr std::size_t kCompared = 4; // bytes of a beginning, as in scrub.cpp

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char l = static_cast<char>(c | 0x20);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// What stands in the text, one byte each, with the place where it starts.
struct Decoded {
    std::string bytes;
    std::vector<std::uint32_t> at; // of each byte, and the end
    std::size_t whole = 0;         // of the text: where an escape starts that its end cuts short, or its end
};

class Decoder {
public:
    Decoder(std::string_view text, Escape escape) : text_(text), escape_(escape) {
        out_.bytes.reserve(text.size());
        out_.at.reserve(text.size() + 1);
    }
    Decoded run() {
        const char mark = escape_ == Escape::percent ? '%' : '\\';
        out_.whole = text_.size();
        for (std::size_t i = 0; i < text_.size();) {
            const auto size = text_[i] == mark ? take(i) : plain(i);
            if (size == 0) {
                out_.whole = i;
                break;
            }
            i += size;
        }
        out_.at.push_back(static_cast<std::uint32_t>(out_.whole));
        return std::move(out_);
    }

private:
    void put(std::size_t i, unsigned byte) {
        out_.bytes += static_cast<char>(byte);
        out_.at.push_back(static_cast<std::uint32_t>(i));
    }
    std::size_t plain(std::size_t i) {
        put(i, static_cast<unsigned char>(text_[i]));
        return 1;
    }
    // Digits from `from` on: their number, or -1 when one is none, or -2 when the text ends before.
    int number(std::size_t from, std::size_t count) const {
        int value = 0;
        for (auto i = from; i < from + count; ++i) {
            if (i >= text_.size()) return -2;
            const int one = digit(text_[i]);
            if (one < 0) return -1;
            value = value << 4 | one;
        }
        return value;
    }
    std::size_t coded(std::size_t i, std::size_t lead, std::size_t digits) {
        const int value = number(i + lead, digits);
        if (value == -2) return 0;
        if (value == -1) return plain(i);
        const auto code = static_cast<unsigned>(value);
        if (digits == 2 || code < 0x80)
            put(i, code);
        else if (code < 0x800)
            (put(i, 0xc0 | code >> 6), put(i, 0x80 | (code & 0x3f)));
        else
            (put(i, 0xe0 | code >> 12), put(i, 0x80 | (code >> 6 & 0x3f)), put(i, 0x80 | (code & 0x3f)));
        return lead + digits;
    }
    std::size_t take(std::size_t i) {
        if (escape_ == Escape::percent) return coded(i, 1, 2);
        if (i + 1 >= text_.size()) return 0;
        const char kind = text_[i + 1];
        if (kind == 'u') return coded(i, 2, 4);
        if (kind == 'x') return coded(i, 2, 2);
        constexpr std::string_view kLetters = "bfnrt", kMeant = "\b\f\n\r\t";
        const auto letter = kLetters.find(kind);
        put(i, static_cast<unsigned char>(letter == std::string_view::npos ? kind : kMeant[letter]));
        return 2;
    }

    std::string_view text_;
    Escape escape_;
    Decoded out_;
};

bool has(std::string_view text, Escape escape) {
    return text.find(escape == Escape::percent ? '%' : '\\') != std::string_view::npos;
}

bool same_hex(std::string_view digits, std::string_view value) {
    const auto size = std::min(digits.size(), value.size() * 2);
    for (std::size_t i = 0; i < size; ++i) {
        const auto byte = static_cast<unsigned char>(value[i / 2]);
        if (digit(digits[i]) != (i % 2 == 0 ? byte >> 4 : byte & 15)) return false;
    }
    return true;
}

} // namespace

Span find_escaped(std::string_view text, std::string_view value, Escape escape) {
    if (!has(text, escape)) return {};
    const auto decoded = Decoder(text, escape).run();
    const auto* const data = decoded.bytes.data();
    const auto* const at = ::memmem(data, decoded.bytes.size(), value.data(), value.size());
    if (at == nullptr) return {};
    const auto first = static_cast<std::size_t>(static_cast<const char*>(at) - data);
    return {decoded.at[first], decoded.at[first + value.size()] - decoded.at[first]};
}

std::size_t escaped_beginning(std::string_view text, std::string_view value, Escape escape) {
    const auto longest = value.size() * 6;
    const auto skipped = text.size() - std::min(text.size(), longest);
    const auto tail = text.substr(skipped);
    if (!has(tail, escape)) return text.size();
    const auto decoded = Decoder(tail, escape).run();
    const std::string_view bytes = decoded.bytes;
    const auto from = bytes.size() - std::min(bytes.size(), value.size() - 1);
    for (auto at = bytes.find(value[0], from); at < bytes.size(); at = bytes.find(value[0], at + 1)) {
        const auto size = std::min({bytes.size() - at, value.size(), kCompared});
        if (std::memcmp(bytes.data() + at, value.data(), size) == 0) return skipped + decoded.at[at];
    }
    return skipped + decoded.whole;
}

// Looks at every 2n-th byte alone while there are no digits.
Span find_hex(std::string_view text, std::string_view value) {
    const auto width = value.size() * 2;
    for (std::size_t at = 0; at + width <= text.size();) {
        auto low = at + width - 1;
        if (digit(text[low]) < 0) {
            at = low + 1;
            continue;
        }
        auto high = low + 1;
        while (low > at && digit(text[low - 1]) >= 0) --low;
        while (high < text.size() && digit(text[high]) >= 0) ++high;
        for (; low + width <= high; ++low)
            if (same_hex(text.substr(low, width), value)) return {low, width};
        at = high;
    }
    return {};
}

std::size_t hex_beginning(std::string_view text, std::string_view value) {
    auto low = text.size();
    const auto first = text.size() - std::min(text.size(), value.size() * 2 - 1);
    while (low > first && digit(text[low - 1]) >= 0) --low;
    for (; low < text.size(); ++low)
        if (same_hex(text.substr(low, kCompared * 2), value)) return low;
    return text.size();
}

} // namespace owhale::egress::http
