// Which writing systems a word mixes: a Cyrillic letter among Latin ones is how a name is made to look like another. By
// ranges of blocks (Unicode 15); it says what is there, and judges nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace owhale::cli {

bool is_ascii(std::string_view word);
// "Latin", "Cyrillic", … of the letters in it, each once, in order; "other" for those without a row.
std::vector<std::string_view> writing_of(std::string_view word);
// Letters that terminals draw from right to left: they move what stands between them.
bool runs_leftward(char32_t value);

struct MarkedWord {
    std::string word; // as it came
    bool mixed = false;
};
// The words of a text (between blanks) that are not ASCII, each once, in order.
std::vector<MarkedWord> marked_words(std::string_view text);
// "p\u{430}ypal.com: Latin and Cyrillic mixed", "caf\u{e9}: not ASCII".
std::string told(const MarkedWord& word);

} // namespace owhale::cli
