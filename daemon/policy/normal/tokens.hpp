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
    std::string text;    // of strings: decoded; expressions that are put in stand between kPutIn and kPutInEnd
    bool spaced = false; // blanks stand before it
};

constexpr std::string_view kPutIn{"\0{", 2}, kPutInEnd{"\0}", 2};
constexpr std::size_t kMaxPutIn = 1024; // bytes of such an expression

constexpr std::size_t kMaxTokens = 200'000;

// Linear. Over the bound the rest is left out, and `whole` is false.
std::vector<Token> tokens_of(const LanguageRow& language, std::string_view text, bool& whole);

} // namespace owhale::policy::normal
