// What evaluator, effects and constants ask of a Thing.
#pragma once

#include <optional>

#include "policy/normal/evaluator.hpp"
#include "policy/normal/letters.hpp"
#include "policy/normal/value.hpp"

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

Thing joined(Thing left, const Thing& right); // one behind the other; evaluator.cpp

inline Thing list_of(std::vector<Thing> parts) {
    Thing out;
    out.known = out.is_list = true;
    if (parts.size() > kMaxList) parts.resize(kMaxList);
    for (const auto& one : parts) {
        if (one.is_list)
            out.list.insert(out.list.end(), one.list.begin(), one.list.end());
        else
            out.list.push_back(is_text(one) ? one.text : std::string(kHole));
        out.decoded |= one.decoded;
        out.fetched |= one.fetched;
        out.secret |= one.secret;
    }
    if (out.list.size() > kMaxList) out.list.resize(kMaxList);
    out.parts = std::make_shared<const std::vector<Thing>>(std::move(parts));
    return out;
}

inline std::string last_part(const std::string& name) {
    const auto dot = name.rfind('.');
    return dot == std::string::npos ? name : name.substr(dot + 1);
}

} // namespace owhale::policy::normal
