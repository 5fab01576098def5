#include "cli/writing.hpp"

#include <algorithm>
#include <array>

#include "cli/escape.hpp"

namespace owhale::cli {
namespace {

struct Block {
    char32_t first, last;
    std::string_view name;
};

constexpr std::array kBlocks = {
    Block{0x41, 0x5a, "Latin"},
    Block{0x61, 0x7a, "Latin"},
    Block{0xaa, 0xaa, "Latin"},
    Block{0xba, 0xba, "Latin"},
    Block{0xc0, 0xd6, "Latin"},
    Block{0xd8, 0xf6, "Latin"},
    Block{0xf8, 0x2af, "Latin"},
    Block{0x370, 0x3ff, "Greek"},
    Block{0x400, 0x52f, "Cyrillic"},
    Block{0x530, 0x58f, "Armenian"},
    Block{0x590, 0x5ff, "Hebrew"},
    Block{0x600, 0x7bf, "Arabic"},
    Block{0x7c0, 0x8ff, "right-to-left"},
    Block{0x900, 0xdff, "Indic"},
    Block{0xe00, 0xeff, "Thai or Lao"},
    Block{0x10a0, 0x10ff, "Georgian"},
    Block{0x1100, 0x11ff, "Hangul"},
    Block{0x13a0, 0x13ff, "Cherokee"},
    Block{0x1c80, 0x1c8f, "Cyrillic"},
    Block{0x1d00, 0x1dbf, "phonetic"},
    Block{0x1e00, 0x1eff, "Latin"},
    Block{0x1f00, 0x1fff, "Greek"},
    Block{0x2100, 0x214f, "letterlike"},
    Block{0x2160, 0x218f, "Roman number"},
    Block{0x24b6, 0x24e9, "circled"},
    Block{0x2c60, 0x2c7f, "Latin"},
    Block{0x2c80, 0x2cff, "Coptic"},
    Block{0x2de0, 0x2dff, "Cyrillic"},
    Block{0x3041, 0x30ff, "Kana"},
    Block{0x3105, 0x312f, "Bopomofo"},
    Block{0x3130, 0x318f, "Hangul"},
    Block{0x3400, 0x4dbf, "Han"},
    Block{0x4e00, 0x9fff, "Han"},
    Block{0xa4d0, 0xa4ff, "Lisu"},
    Block{0xa640, 0xa69f, "Cyrillic"},
    Block{0xa720, 0xa7ff, "Latin"},
    Block{0xab30, 0xab6f, "Latin"},
    Block{0xab70, 0xabbf, "Cherokee"},
    Block{0xac00, 0xd7a3, "Hangul"},
    Block{0xf900, 0xfaff, "Han"},
    Block{0xfb00, 0xfb06, "Latin ligature"},
    Block{0xfb1d, 0xfb4f, "Hebrew"},
    Block{0xfb50, 0xfdff, "Arabic"},
    Block{0xfe70, 0xfefe, "Arabic"},
    Block{0xff21, 0xff5a, "fullwidth Latin"},
    Block{0x10330, 0x1034f, "Gothic"},
    Block{0x10800, 0x10fff, "right-to-left"},
    Block{0x1d400, 0x1d7ff, "mathematical"},
    Block{0x1e800, 0x1efff, "right-to-left"},
    Block{0x1f130, 0x1f189, "squared"},
    Block{0x20000, 0x323af, "Han"},
};

constexpr std::array kLeftward = {
    Block{0x590, 0x8ff, ""},     Block{0xfb1d, 0xfdff, ""},   Block{0xfe70, 0xfefe, ""},
    Block{0x10800, 0x10fff, ""}, Block{0x1e800, 0x1efff, ""},
};

const Block* block_of(char32_t value) {
    const auto* found =
        std::ranges::find_if(kBlocks, [&](const Block& block) { return value >= block.first && value <= block.last; });
    return found == kBlocks.end() ? nullptr : found;
}

// Punctuation, signs and emoji belong to no writing system.
bool is_sign(char32_t value) {
    return (value < 0xc0 && block_of(value) == nullptr) || value == 0xd7 || value == 0xf7 ||
           (value >= 0x2000 && value <= 0x20ff) || (value >= 0x2150 && value <= 0x215f) ||
           (value >= 0x2190 && value <= 0x2bff && block_of(value) == nullptr) || (value >= 0x3000 && value <= 0x3020) ||
           (value >= 0x1f000 && value <= 0x1faff && block_of(value) == nullptr);
}

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string in_ascii(std::string_view word) {
    std::string out;
    while (!word.empty()) {
        const auto [value, length] = decode(word);
        if (length == 0)
            out += visible_byte(word[0]);
        else if (value >= 0x80 || is_unseen(value))
            out += visible(value);
        else
            out += word[0];
        word.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

} // namespace

bool is_ascii(std::string_view word) {
    return std::ranges::all_of(word, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::vector<std::string_view> writing_of(std::string_view word) {
    std::vector<std::string_view> names;
    while (!word.empty()) {
        const auto [value, length] = decode(word);
        word.remove_prefix(std::max<std::size_t>(length, 1));
        if (length == 0 || is_unseen(value) || is_combining(value) || is_sign(value)) continue;
        const auto* block = block_of(value);
        const auto name = block == nullptr ? std::string_view("other") : block->name;
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return names;
}

bool runs_leftward(char32_t value) {
    return std::ranges::any_of(kLeftward,
                               [&](const Block& block) { return value >= block.first && value <= block.last; });
}

std::vector<MarkedWord> marked_words(std::string_view text) {
    std::vector<MarkedWord> out;
    for (std::size_t at = 0; at < text.size();) {
        if (is_blank(text[at])) {
            ++at;
            continue;
        }
        auto end = at;
        while (end < text.size() && !is_blank(text[end])) ++end;
        const auto word = text.substr(at, end - at);
        at = end;
        if (is_ascii(word)) continue;
        if (std::ranges::any_of(out, [&](const auto& one) { return one.word == word; })) continue;
        out.push_back({std::string(word), writing_of(word).size() > 1});
    }
    return out;
}

std::string told(const MarkedWord& word) {
    auto out = in_ascii(word.word) + ": ";
    if (!word.mixed) return out + "not ASCII";
    const auto names = writing_of(word.word);
    for (std::size_t i = 0; i < names.size(); ++i)
        out += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + std::string(names[i]);
    return out + " mixed";
}

} // namespace owhale::cli
