// The verbs of the vault: each in its turn, in the audit log before it is done and after. On the io thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>

#include "identity/journal.hpp"
#include "identity/turn.hpp"
#include "shared/api_secrets.hpp"
#include "vault/vault.hpp"

namespace owhale::vault {

class Acts {
public:
    explicit Acts(Vault& vault) : vault_(vault), turn_(vault.parts().io) {}

    // Who asks, and whether it still may when its turn comes.
    struct Asker {
        identity::Asker who;
        std::function<Status()> standing;
    };
    // Another's is not_found for all but an admin (`any`), who sees what is told about it, and may remove it. `owner`: "" the
    // asker itself, "*" everybody.
    Result<api::SecretList> list(const identity::Principal& who, bool any, const std::string& owner);
    Result<api::Secret> show(const identity::Principal& who, bool any, const std::string& owner,
                             const std::string& name);
    boost::asio::awaitable<Result<api::Secret>> set(Asker asker, std::string name, api::SecretRequest request);
    boost::asio::awaitable<Result<api::Secret>> rotate(Asker asker, std::string name, api::SecretValue request);
    boost::asio::awaitable<Status> remove(Asker asker, bool any, std::string owner, std::string name);
    boost::asio::awaitable<Result<api::SecretValue>> reveal(Asker asker, std::string name);
    // `request`: the new passphrase (value), or the new master key (value_base64, 32 bytes), or neither. `accept`: of a
    // damaged vault, what is whole goes on.
    boost::asio::awaitable<Result<api::Rekeyed>> rekey(Asker asker, api::SecretValue request, bool accept);

private:
    boost::asio::awaitable<Result<identity::Turn::Held>> turn_of(const Asker& asker);
    boost::asio::awaitable<Status> note(audit::EventName event, const Asker& asker, std::string outcome,
                                        boost::json::object data);
    // Both notes around a change of the keep.
    boost::asio::awaitable<Status> change(audit::EventName event, const Asker& asker, boost::json::object data,
                                          std::function<Status()> act);
    boost::asio::awaitable<Result<api::Secret>> store(audit::EventName event, const Asker& asker, Meta meta,
                                                      SecretBytes value);
    Result<const Keep::Held*> own(const identity::Principal& who, const std::string& name) const;
    Result<Place> place(const identity::Principal& who, bool any, const std::string& owner,
                        const std::string& name) const;

    Vault& vault_;
    identity::Turn turn_;
};

} // namespace owhale::vault
