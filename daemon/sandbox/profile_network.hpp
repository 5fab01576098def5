// The [network] table of a profile, as profile.hpp shows it.
#pragma once

#include "base/toml_reader.hpp"
#include "sandbox/profile.hpp"

namespace owhale::sandbox {

// Adds it to what the profile that is extended has.
Status read_network(const TomlReader& reader, const std::string& profile, ProfileNetwork& to);
// "[ADDRESS:]HOST:PORT", an IPv6 address in brackets.
Result<api::Publish> parse_publish(std::string_view text);
// "HOST[:PORT[,PORT…]]", an IPv6 address in brackets; "@LIST".
Result<api::HostRule> parse_host(std::string_view text);

} // namespace owhale::sandbox
