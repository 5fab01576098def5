// What the built-ins ask of their words.
#pragma once

#include <algorithm>

#include "policy/normal/walk.hpp"

namespace owhale::policy::normal {

inline bool is_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
}

inline bool is_option(const Value& word) {
    return word.text.size() > 1 && word.text[0] == '-';
}

inline Stream silent() {
    return {.given = true, .known = true};
}

} // namespace owhale::policy::normal
