// The daemon as most commands see it: one call after the other, each answered before the next.
#pragma once

#include <memory>
#include <string>

#include "cli/call.hpp"
#include "cli/device_store.hpp"
#include "cli/token_store.hpp"
#include "cli/where.hpp"

namespace owhale::cli {

class Client {
public:
    explicit Client(Where where);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // The answer to a call that succeeded; otherwise the daemon's problem, or why it could not be asked.
    Result<Reply> send(Call call);
    // The daemon's end, and the token that is shown to it (null: none); known after a call.
    const Peer& peer() const;
    const KeptToken* token() const;
    const KeptDevice* device() const; // the same of the device that signs
    // After a login or logout: the next call makes a new connection, with the token that is kept then.
    void reconnect();

private:
    struct State;
    Where where_;
    std::unique_ptr<State> state_;
};

} // namespace owhale::cli
