// The characters of a text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace owhale::identity {

// Empty when `text` is not well-formed UTF-8.
std::optional<std::u32string> code_points(std::string_view text);

} // namespace owhale::identity
