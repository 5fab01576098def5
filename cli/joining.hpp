// How this machine becomes a paired device of an owhaled elsewhere: it proves to know the code without sending it, and in the
// same moment that the certificate it sees is that owhaled's own.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/client.hpp"
#include "cli/device_store.hpp"
#include "cli/where.hpp"
#include "shared/api_pairing.hpp"

namespace owhale::cli {

class Joining {
public:
    // `host` by https; a certificate that is remembered, or was named, has to be the one.
    explicit Joining(Host host);

    // Connects, so that there is somebody to type a code for.
    Status reach();
    // The device that this machine is there by now, and what that is called there: of a key that is believed no more nothing, and why.
    struct Before {
        std::string principal, owner, file; // "device:<id>", "user:alice"
        Result<std::string> called;
    };
    Result<std::optional<Before>> before();
    // Up to where the maker of the code has to confirm. pairing_failed when the code is wrong, or somebody is in between.
    // `replaces`: the device of before() is to go then, to which its key is the proof.
    Result<api::JoinState> prove(const std::string& code, const std::string& name, bool replaces);
    // Waits a while for the answer; "joined" is still none.
    Result<api::JoinState> wait();
    // Keeps key and certificate; answers where the key lies.
    Result<std::string> keep(const api::JoinState& paired);

private:
    Result<std::string> fingerprint() const;
    Result<Reply> ask(Call call);

    Host host_;
    Client client_;
    KeptDevice device_;
    std::shared_ptr<const KeptDevice> before_;
    std::string print_, join_;
};

} // namespace owhale::cli
