// Text through a redactor in two pieces.
#pragma once

#include <string>
#include <string_view>

#include "redact/redactor.hpp"

namespace owhale::test {

inline std::string split_at(std::string_view text, std::size_t at) {
    redact::Redactor redactor;
    std::string out;
    redactor.push(text.substr(0, at), out);
    redactor.push(text.substr(at), out);
    redactor.finish(out);
    return out;
}

} // namespace owhale::test
