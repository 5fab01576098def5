// UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then randomness; sorts by time of making.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace owhale {

using Uuid = std::array<std::uint8_t, 16>;

Uuid make_uuid();
// 36 characters, lower case.
std::string to_string(const Uuid& uuid);
// The inverse; empty for anything that is not exactly that form.
std::optional<Uuid> parse_uuid(std::string_view text);

} // namespace owhale
