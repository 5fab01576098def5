// Request to normal form: parses, follows constants, takes wrappers off, reads options, finds paths and hosts.
#pragma once

#include "policy/normal/command.hpp"
#include "policy/request.hpp"

namespace owhale::policy {

constexpr std::size_t kMaxCommands = 10'000; // with those in words
constexpr std::size_t kMaxLayers = 8;        // code in words of code in words …; over it: opaque

NormalForm normalize(const Request& request, const Facts& facts);

} // namespace owhale::policy
