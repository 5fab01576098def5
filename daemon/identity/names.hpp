// Names of accounts and of roles, as clients write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/error.hpp"

namespace owhale::identity {

// [a-z][a-z0-9._-]{0,31}: no two names look alike or differ by case. The refusal (invalid_value) says which character.
Status check_name(std::string_view name);

// The roles by their names as bits; none is invalid_value unless `empty_too`.
Result<std::uint32_t> roles_of(const std::vector<std::string>& names, bool empty_too = false);

// Whether text is shown as it is written: well-formed UTF-8 of 1 to `most` bytes, without controls, line separators,
// invisible characters and those that change the direction of writing (Unicode 15: Cc, Cf, Zl, Zp).
bool is_plain_text(std::string_view text, std::size_t most);

} // namespace owhale::identity
