// Brace sequences: {1..9}, {09..1..2}, {a..e}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace owhale::policy::shell {

struct Sequence {
    long long first, last, step; // step > 0, towards `last`
    std::size_t width;           // zero-padded to it
    bool letters;
    std::size_t count() const;
    std::string member(std::size_t index) const;
};

// The text between the braces, as one; none when bash leaves it as it is.
std::optional<Sequence> sequence_of(std::string_view text);

} // namespace owhale::policy::shell
