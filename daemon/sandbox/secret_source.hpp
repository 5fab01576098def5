// Where a run's secrets come from: daemon/vault, by daemon/broker_asks.cpp. Empty functions: there is no vault.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/secret_bytes.hpp"
#include "identity/principal.hpp"
#include "shared/api_secrets.hpp"
#include "vault/run_secret.hpp"

namespace owhale::sandbox {

struct SecretSource {
    struct Value { // of `--secret NAME=env`
        std::string owner, name, variable;
        SecretBytes value;
    };
    // Those by placeholder. not_found, secret_denied, conflict, vault_unavailable.
    std::function<Result<std::vector<vault::RunSecret>>(const identity::Principal& who, const std::string& profile,
                                                        const std::vector<api::SecretUse>& uses)>
        for_run;
    // One whose value the run is to read; the policy was asked before.
    std::function<Result<Value>(const identity::Principal& who, const std::string& profile, const api::SecretUse& use)>
        open_value;
    // It was given to a run that started.
    std::function<void(const std::string& owner, const std::string& name, const std::string& run)> note_value;
};

} // namespace owhale::sandbox
