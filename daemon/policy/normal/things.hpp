// What evaluator, effects and constants ask of a Thing.
#pragma once

#include <optional>

#include "policy/normal/evaluator.hpp"
#include "policy/normal/letters.hpp"

namespace owhale::policy::normal {

inline bool is_text(const Thing& thing) {
    return thing.known && !thing.is_list && !thing.is_name;
}
inline bool is_known(const Thing& thing) {
    return is_text(thing) && thing.text.find('\0') == std::string::npos;
}

inline Thing text_of(std::string text) {
    Thing out;
    out.known = true;
    out.text = std::move(text);
    return out;
}

inline std::string last_part(const std::string& name) {
    const auto dot = name.rfind('.');
    return dot == std::string::npos ? name : name.substr(dot + 1);
}

} // namespace owhale::policy::normal
