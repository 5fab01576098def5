// What a secret may be: its name, its variable, its header, its hosts. Pure. Errors are invalid_value, by name.
#pragma once

#include <string>
#include <string_view>

#include "shared/api_secrets.hpp"
#include "shared/error.hpp"
#include "vault/shared_hosts.hpp"

namespace owhale::vault {

inline constexpr std::size_t kMostValue = 64u << 10; // bytes
inline constexpr std::size_t kMostHosts = 32, kMostOfOwner = 1000;

Status check_secret_name(std::string_view name);
// NAME in upper case, "-" and "." as "_".
std::string variable_of(std::string_view name);
Status check_variable(std::string_view variable);
// Of a secret whose value is this: all but its hosts' being shared ones. Lower-cases header and hosts, drops doubles of
// methods and paths.
Status check_use(api::Secret& secret, const SharedHosts& shared);
Status check_access(const api::SecretAccess& access);
// What a header may carry (RFC 9110, 5.5): visible ASCII, blanks between.
bool fits_header(std::string_view value);

} // namespace owhale::vault
