#include "vault/passphrase.hpp"

#include <sodium.h>

namespace owhale::vault {

std::string new_salt() {
    std::string salt(crypto_pwhash_SALTBYTES, '\0');
    ::randombytes_buf(salt.data(), salt.size());
    return salt;
}

Result<SecretBytes> key_of_passphrase(const SecretBytes& passphrase, const std::string& salt, Argon2Cost cost) {
    if (salt.size() != crypto_pwhash_SALTBYTES || cost.passes < crypto_pwhash_OPSLIMIT_MIN)
        return fail(Code::vault_unavailable, "what the vault's passphrase is turned into a key with was changed",
                    "put state.db back from a backup");
    SecretBytes key(kKeyBytes);
    if (::crypto_pwhash(key.data(), key.size(), passphrase.text().data(), passphrase.size(),
                        reinterpret_cast<const unsigned char*>(salt.data()), cost.passes, cost.memory,
                        crypto_pwhash_ALG_ARGON2ID13) != 0)
        return fail(Code::busy, "there is not enough memory to turn the vault's passphrase into its key",
                    "free some, or lower argon2-memory");
    return key;
}

} // namespace owhale::vault
