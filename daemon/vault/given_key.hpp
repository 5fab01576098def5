// Where the vault's master key comes from: read while owhaled still may, before the broker is confined.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret_bytes.hpp"
#include "config/settings.hpp"
#include "shared/error.hpp"

namespace owhale::vault {

inline constexpr std::size_t kKeyBytes = 32;

struct GivenKey {
    std::string how;               // "the file /etc/owhaled/vault.key", "a credential", "a passphrase", "off"
    std::vector<SecretBytes> keys; // 32 bytes each: the one in force, and one that a rekey had begun to bring in
    SecretBytes passphrase;        // instead of keys: what Argon2id makes the key of, with the salt that is stored
    std::optional<Error> missing;  // why there is none: vault_unavailable
    bool withheld = false;         // its file is not there, and none was made: the vault may hold secrets
};

// `passphrase`: that the supervisor asked for, empty when it was not. Makes the file at the first start, and while
// the vault is known to be empty (empty_mark.hpp). Never fails: without a key the vault is closed, and says why.
GivenKey read_given_key(const config::Settings& settings, SecretBytes passphrase);

// What to do where the key is lost, for an error's `next`. The tables of schema/state/005.sql.
std::string begin_anew(const std::string& state_dir);

// All that the vault needs of files which the confined broker cannot open.
struct Given {
    GivenKey key;
    std::string shared_hosts; // text of hosts-dir/shared-hosts; "" when there is none
};
Given read_given(const config::Settings& settings, SecretBytes passphrase);

// Whether a person has to be asked for the passphrase.
bool asks_passphrase(const config::Settings& settings);

} // namespace owhale::vault
