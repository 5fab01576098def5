// The vault: who may use which secret, and the secrets themselves, sealed in the state database. On the io thread.
//
// Nothing is believed that the database says until its seal was checked; at the first mismatch the vault closes, says why,
// and stays so (vault_unavailable) until owhaled starts again.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/log.hpp"
#include "identity/principal.hpp"
#include "shared/api_network.hpp"
#include "shared/api_secrets.hpp"
#include "store/database.hpp"
#include "vault/given_key.hpp"
#include "vault/run_secret.hpp"

namespace owhale::vault {

struct Parts { // all of it outlives the vault
    boost::asio::any_io_executor io;
    store::Database& database; // schema/state
    audit::Log& audit;
    // The same principal with the rights of now; empty when it is no more. Unset: as it was.
    std::function<std::optional<identity::Principal>(const identity::Principal&)> refreshed;
};

struct EnvValue { // of `--secret NAME=env`
    std::string variable;
    SecretBytes value;
};

// What changes the vault, or tells of it: vault/acts.hpp makes verbs of these.
struct Stored; // a secret as it is kept, without its value

class Vault {
public:
    // A vault that cannot be opened is one that is closed: owhaled serves on.
    static std::unique_ptr<Vault> open(Parts parts, GivenKey given);
    ~Vault();

    // Empty while it is open; else vault_unavailable with the reason and the next step.
    std::optional<Error> closed() const;

    // A secret that this principal may use in a run of this profile, by `NAME` (its own before others'), or by
    // `OWNER/NAME`. not_found, also for those that it may not use; secret_denied (a run's own, expired, the profile), conflict
    // (two owners share one of this name), vault_unavailable.
    Result<api::Secret> find(const identity::Principal& who, const std::string& profile, const std::string& name) const;

    // What the run gets for its uses by placeholder; those `as` "env" are left out. Errors as find(); invalid_value when two
    // of them want the same variable.
    Result<std::vector<RunSecret>> for_run(const identity::Principal& who, const std::string& profile,
                                           const std::vector<api::SecretUse>& uses);
    // The value for a run's environment, for a use `as` "env". No NUL is in it (invalid_value). Policy was asked before.
    Result<EnvValue> open_value(const identity::Principal& who, const std::string& profile, const api::SecretUse& use);
    // It was given to a run by open_value(): as RunSecret::note_use; `host` is "" for the environment.
    void note_use(const std::string& owner, const std::string& name, const std::string& run, const std::string& host);

    struct State;
    State& state() { return *state_; }

private:
    explicit Vault(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace owhale::vault
