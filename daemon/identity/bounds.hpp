// What a token confines runs to: a profile, a folder; and how a token minted with it can be narrower.
#pragma once

#include <optional>
#include <string>

#include "shared/error.hpp"

namespace owhale::identity {

// The profile of the new token: the maker's, or any where the maker has none (""). forbidden, invalid_value.
Result<std::string> narrow_profile(const std::string& makers, const std::optional<std::string>& wanted);
// The folder, absolute, without "." and "..": the maker's, or below it. What it resolves to is looked at when a run is
// made.
Result<std::string> narrow_cwd(const std::string& makers, const std::optional<std::string>& wanted);

} // namespace owhale::identity
