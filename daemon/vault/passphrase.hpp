// A master key made of a passphrase: Argon2id (RFC 9106) with a stored salt.
#pragma once

#include <string>

#include "vault/keep.hpp"

namespace owhale::vault {

std::string new_salt(); // 16 bytes
// Takes the time that its cost asks for, on the calling thread. busy when the memory cannot be had.
Result<SecretBytes> key_of_passphrase(const SecretBytes& passphrase, const std::string& salt, Argon2Cost cost);

} // namespace owhale::vault
