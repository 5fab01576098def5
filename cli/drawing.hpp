// Lines for a terminal, made of texts of strangers and words of ours: nothing in the former can move, hide, reorder or
// recolour anything, and nothing is cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output.hpp"

namespace owhale::cli {

struct Piece {
    Tone tone = Tone::plain;
    std::string text; // safe, in one line
};
using Line = std::vector<Piece>;

// What one character of a text is drawn as.
struct Glyph {
    std::string text;
    std::size_t columns = 1;
    std::size_t byte = 0; // where the character begins in the text
    Tone tone = Tone::plain;
    bool odd = false; // not ASCII, or made visible
};

// Characters of one line, without its end. On top of escaped(): combining marks, blanks other than the space, variation
// selectors and right-to-left letters are shown as \u{…}, for their width and place are the terminal's whim; 33 and more
// blanks in a row as "⟨40 spaces⟩". `from` is added to the bytes.
std::vector<Glyph> glyphs_of(std::string_view line, std::size_t from = 0);

// Ranges of glyphs, each at most `columns` wide (at least one glyph), the break after a blank where there is a late one.
struct Row {
    std::size_t begin = 0, end = 0;
};
std::vector<Row> rows_of(const std::vector<Glyph>& glyphs, std::size_t columns);

// The whole text in one line, for lists that clip it.
std::string in_one_line(std::string_view text);

Line line_of(const std::vector<Glyph>& glyphs, Row row, Tone tone);
// One text, whole, wrapped to `columns`: line ends in it are shown as \n, and begin no line.
std::vector<Line> flowed(std::string_view text, std::size_t columns, Tone tone = Tone::plain);
// Line by line; more than four blank ones in a row are counted instead. Only for a text that has a margin of its own.
std::vector<Line> wrapped(std::string_view text, std::size_t columns, Tone tone = Tone::plain);
// One text behind a word of ours, and in the further lines below where it began.
std::vector<Line> labelled(const Line& label, std::size_t label_columns, std::string_view text, std::size_t columns,
                           Tone tone = Tone::plain);

bool is_blank(std::string_view line);
std::size_t columns_of(const Line& line);
// With colours where that is wanted. No line end.
std::string painted(bool colour, const Line& line);

} // namespace owhale::cli
