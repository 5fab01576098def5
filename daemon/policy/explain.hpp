// A verdict drawn for people: the text with what decided underlined, then what it would run, and what the rules say of it.
#pragma once

#include "policy/decide.hpp"

namespace owhale::policy {

enum class Style : std::uint8_t { plain, strong, dim, allow, ask, deny };

struct Piece {
    Style style = Style::plain;
    std::string text; // safe to print
};
using DrawnLine = std::vector<Piece>;

struct Screen { // how texts of others are made safe, and how wide they are then
    std::string (*escaped)(std::string_view);
    std::size_t (*width)(std::string_view);
};

// Lines of the text, the deciding segment underlined with ^. Of a long one, those around the segment.
std::vector<DrawnLine> draw_source(const NormalForm& form, const Verdict& verdict, const Screen& screen);
// The commands, those in words below their carriers, each with what it touches and the rules that matched it.
std::vector<DrawnLine> draw_commands(const NormalForm& form, const Verdict& verdict, const Screen& screen);

} // namespace owhale::policy
