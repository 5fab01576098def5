// How this machine becomes a paired device of an owhaled elsewhere: it proves to know the code without sending it, and in the
// same moment that the certificate it sees is that owhaled's own.
#pragma once

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
    // Up to where the maker of the code has to confirm. pairing_failed when the code is wrong, or somebody is in between.
    Result<api::JoinState> prove(const std::string& code, const std::string& name);
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
    std::string print_, join_;
};

} // namespace owhale::cli
