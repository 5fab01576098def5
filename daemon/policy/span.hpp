// A range of bytes in the text that was judged.
#pragma once

#include <cstdint>

namespace owhale::policy {

struct Span { // [begin, end)
    std::uint32_t begin = 0, end = 0;
    friend bool operator==(const Span&, const Span&) = default;
};

} // namespace owhale::policy
