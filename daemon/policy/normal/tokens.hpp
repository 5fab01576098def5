// Program text to tokens, for languages of many kinds: strings decoded, names, numbers, signs. Comments and patterns are left out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/normal/languages.hpp"

namespace owhale::policy::normal {

enum class TokenKind : unsigned char {
    name,
    number,
    string,
    shell, // a string that a shell runs: `…` of perl and ruby
    sign,
    line, // the end of one
};

struct Token {
    TokenKind kind = TokenKind::sign;
    std::string text;    // of strings: decoded, with a hole for what is put in
    bool spaced = false; // blanks stand before it
};

constexpr std::size_t kMaxTokens = 200'000;

// Linear. Over the bound the rest is left out, and `whole` is false.
std::vector<Token> tokens_of(const LanguageRow& language, std::string_view text, bool& whole);

} // namespace owhale::policy::normal
