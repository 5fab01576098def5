// The [network] table of a profile, as profile.hpp shows it.
#pragma once

#include "base/toml_reader.hpp"
#include "sandbox/profile.hpp"

namespace owhale::sandbox {

// Adds it to what the profile that is extended has.
Status read_network(const TomlReader& reader, const std::string& profile, ProfileNetwork& to);

} // namespace owhale::sandbox
