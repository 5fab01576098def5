#include "cli/drawing.hpp"

#include <algorithm>

#include "cli/escape.hpp"
#include "cli/writing.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostBlanks = 32;
constexpr std::size_t kMostBlankLines = 4;

// Blanks that are not the space, and characters that draw nothing or on their neighbour: beyond is_unseen().
bool is_vague(char32_t value) {
    return value == 0xa0 || value == 0x1680 || value == 0x205f || value == 0x2800 || value == 0x3000 ||
           (value >= 0x2000 && value <= 0x200a) || value == 0x202f || (value >= 0xfe00 && value <= 0xfe0f) ||
           (value >= 0x1f3fb && value <= 0x1f3ff) || is_combining(value) || runs_leftward(value);
}

Glyph glyph_of(std::string_view text, std::size_t at) {
    const auto [value, length] = decode(text);
    Glyph glyph{{}, 1, at, Tone::plain, false};
    if (length == 0)
        glyph.text = visible_byte(text[0]);
    else if (is_unseen(value) || is_vague(value))
        glyph.text = visible(value);
    else
        glyph.text = std::string(text.substr(0, length));
    const bool shown = length != 0 && glyph.text.size() == length;
    glyph.columns = shown ? columns_of(value) : glyph.text.size();
    glyph.odd = !shown || value >= 0x80;
    if (!shown)
        glyph.tone = Tone::bad;
    else if (glyph.odd)
        glyph.tone = Tone::warn;
    return glyph;
}

Glyph many_blanks(std::size_t count, std::size_t at) {
    auto text = "⟨" + std::to_string(count) + " spaces⟩";
    const auto columns = width(text);
    return {std::move(text), columns, at, Tone::bad, true};
}

// What is wider than the screen has to be broken too: an escape, into its characters.
std::vector<Glyph> fitting(std::vector<Glyph> glyphs, std::size_t columns) {
    if (std::ranges::all_of(glyphs, [&](const Glyph& glyph) { return glyph.columns <= columns; })) return glyphs;
    std::vector<Glyph> out;
    for (auto& glyph : glyphs) {
        if (glyph.columns <= columns || glyph.text.size() != glyph.columns) {
            out.push_back(std::move(glyph));
            continue;
        }
        for (const char c : glyph.text) out.push_back({std::string(1, c), 1, glyph.byte, glyph.tone, true});
    }
    return out;
}

} // namespace

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::vector<Glyph> glyphs_of(std::string_view line, std::size_t from) {
    std::vector<Glyph> out;
    out.reserve(line.size());
    for (std::size_t at = 0; at < line.size();) {
        const auto blanks = std::min(line.find_first_not_of(' ', at), line.size()) - at;
        if (blanks > kMostBlanks) {
            out.push_back(many_blanks(blanks, from + at));
            at += blanks;
            continue;
        }
        out.push_back(glyph_of(line.substr(at), from + at));
        at += std::max<std::size_t>(decode(line.substr(at)).length, 1);
    }
    return out;
}

std::vector<Row> rows_of(const std::vector<Glyph>& glyphs, std::size_t columns) {
    std::vector<Row> out;
    Row row;
    std::size_t used = 0, after_blank = 0;
    for (std::size_t i = 0; i < glyphs.size(); ++i) {
        if (used + glyphs[i].columns > columns && i > row.begin) {
            const bool late = after_blank > row.begin + (i - row.begin) / 2;
            row.end = late ? after_blank : i;
            out.push_back(row);
            row.begin = row.end;
            used = 0;
            for (auto k = row.begin; k < i; ++k) used += glyphs[k].columns;
        }
        used += glyphs[i].columns;
        if (glyphs[i].text == " ") after_blank = i + 1;
    }
    row.end = glyphs.size();
    out.push_back(row);
    return out;
}

std::string in_one_line(std::string_view text) {
    std::string out;
    for (const auto& glyph : glyphs_of(text)) out += glyph.text;
    return out;
}

Line line_of(const std::vector<Glyph>& glyphs, Row row, Tone tone) {
    Line out;
    for (auto i = row.begin; i < row.end; ++i) {
        const auto one = glyphs[i].tone == Tone::plain ? tone : glyphs[i].tone;
        if (out.empty() || out.back().tone != one) out.push_back({one, {}});
        out.back().text += glyphs[i].text;
    }
    return out;
}

std::vector<Line> flowed(std::string_view text, std::size_t columns, Tone tone) {
    std::vector<Line> out;
    const auto glyphs = fitting(glyphs_of(text), columns);
    for (const auto row : rows_of(glyphs, columns)) out.push_back(line_of(glyphs, row, tone));
    return out;
}

std::vector<Line> wrapped(std::string_view text, std::size_t columns, Tone tone) {
    std::vector<Line> out;
    std::size_t blanks = 0;
    const auto tell_blanks = [&] {
        if (blanks > kMostBlankLines)
            out.push_back({{Tone::dim, "(" + std::to_string(blanks) + " lines of blanks)"}});
        else
            out.insert(out.end(), blanks, Line{});
        blanks = 0;
    };
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        const auto line = text.substr(begin, end - begin);
        begin = end + 1;
        if (is_blank(line)) {
            ++blanks;
            continue;
        }
        tell_blanks();
        for (auto& one : flowed(line, columns, tone)) out.push_back(std::move(one));
    }
    tell_blanks();
    return out;
}

std::vector<Line> labelled(const Line& label, std::size_t label_columns, std::string_view text, std::size_t columns,
                           Tone tone) {
    const auto room = columns > label_columns + 8 ? columns - label_columns : 8;
    auto lines = flowed(text, room, tone);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        Line whole;
        if (i == 0) whole = label;
        const auto used = columns_of(whole);
        if (used < label_columns) whole.push_back({Tone::plain, std::string(label_columns - used, ' ')});
        whole.insert(whole.end(), lines[i].begin(), lines[i].end());
        lines[i] = std::move(whole);
    }
    return lines;
}

std::size_t columns_of(const Line& line) {
    std::size_t total = 0;
    for (const auto& piece : line) total += width(piece.text);
    return total;
}

std::string painted(bool colour, const Line& line) {
    const Look look{.colour = colour};
    std::string out;
    for (const auto& piece : line) out += toned(look, piece.tone, piece.text);
    return out;
}

} // namespace owhale::cli
