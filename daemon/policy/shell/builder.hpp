// A word while it is read: neighbouring bytes of one quoting become one part.
#pragma once

#include <string_view>

#include "policy/shell/ast.hpp"

namespace owhale::policy::shell {

class Builder {
public:
    void literal(char byte, bool quoted, Span at);
    // Quoted text that may be empty: "" keeps a word alive where $x alone would vanish.
    void quoted(std::string_view text, Span at);
    void pattern(std::string_view text, Span at);
    void add(Part part) { parts_.push_back(std::move(part)); }
    bool empty() const { return parts_.empty(); }
    Word take(Span span);

private:
    Part& literal_part(bool quoted, Span at);
    void drop_empty();
    std::vector<Part> parts_;
};

Part literal_of(std::string_view text, bool quoted, Span span);
Word word_of(std::string_view text, Span span);
// Each part that is no literal, in a word of its own.
std::vector<Word> expansions(Word word);
// The text of a word that is nothing but unquoted text: the only kind that can be a reserved word or a name.
const std::string* plain_text(const Word& word);

} // namespace owhale::policy::shell
