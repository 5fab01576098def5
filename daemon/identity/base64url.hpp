// base64url without padding (RFC 4648, section 5), strict: one text for each value.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace owhale::identity {

std::string to_base64url(std::span<const std::uint8_t> bytes);
std::string to_base64url(std::string_view bytes);
// Empty for padding, line ends, characters of the other alphabet, or bits left over that are not zero.
std::optional<std::string> from_base64url(std::string_view text);

} // namespace owhale::identity
