// The vault: who may use which secret, and the secrets themselves, sealed in the state database. On the io thread.
//
// Nothing is believed that the database says until its seal was checked; at the first mismatch the vault closes, says why,
// and stays so (vault_unavailable) until owhaled starts again.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
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
#include "vault/keep.hpp"
#include "vault/run_secret.hpp"
#include "vault/shared_hosts.hpp"
#include "vault/uses.hpp"

namespace owhale::vault {

struct Parts { // all of it outlives the vault
    boost::asio::any_io_executor io;
    store::Database database; // schema/state; a connection of the vault's own, durable against loss of power
    audit::Log& audit;
    // The same principal with the rights of now; empty when it is no more. Unset: as it was.
    std::function<std::optional<identity::Principal>(const identity::Principal&)> refreshed;
    Argon2Cost cost; // of a passphrase
    SharedHosts shared{};
};

struct EnvValue { // of `--secret NAME=env`
    std::string variable;
    SecretBytes value;
};

class Vault {
public:
    // A vault that cannot be opened is one that is closed: owhaled serves on.
    static std::unique_ptr<Vault> open(Parts parts, const GivenKey& given);
    Vault(const Vault&) = delete;
    Vault& operator=(const Vault&) = delete;
    ~Vault();

    // Empty while it is open; else vault_unavailable with the reason and the next step.
    const std::optional<Error>& closed() const { return keep_.closed(); }
    // Compares it with what the audit log says of it: an older database that was put back is noticed. Before any use.
    boost::asio::awaitable<Status> compare_with_log();

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

    // What vault/acts.hpp changes it by.
    Keep& keep() { return keep_; }
    const Keep& keep() const { return keep_; }
    std::uint64_t log_generation() const { return log_generation_; }
    Uses& uses() { return *uses_; }
    const SharedHosts& shared() const { return parts_.shared; }
    const Parts& parts() const { return parts_; }
    // As messages show it, with its uses.
    api::Secret shown(const Keep::Held& held);
    // From now on logs and kept output mask it.
    static void teach(const SecretBytes& value);

private:
    Vault(Parts parts, const GivenKey& given);
    Status check_all(); // every value opens; they are taught
    Result<const Keep::Held*> held_of(const identity::Principal& who, const std::string& name) const;
    Result<const Keep::Held*> usable(const identity::Principal& who, const std::string& profile,
                                     const std::string& name) const;
    RunSecret run_secret(const Keep::Held& held, const identity::Principal& who, const std::string& profile,
                         const api::SecretUse& use);
    Result<SecretBytes> open_now(const Place& place, const identity::Principal& who, const std::string& profile);

    Parts parts_;
    Keep keep_;
    std::uint64_t log_generation_ = 0; // the newest that the audit log names
    std::shared_ptr<Uses> uses_;
};

} // namespace owhale::vault
