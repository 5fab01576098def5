// The known word that a mistyped one probably meant.
#pragma once

#include <span>
#include <string_view>

namespace owhale::config {

// By Damerau's distance (insert, delete, replace, swap neighbours); "" when nothing is near enough to be a typo.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

} // namespace owhale::config
