// The daemon as most commands see it: one call after the other, each answered before the next.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/call.hpp"
#include "cli/socket.hpp"

namespace owhale::cli {

class Client {
public:
    explicit Client(std::vector<Socket> where);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // The answer to a call that succeeded; otherwise the daemon's problem, or why it could not be asked.
    Result<Reply> send(Call call);
    // The daemon's end of the socket; known after a call.
    const Peer& peer() const;
    const std::vector<Socket>& where() const { return where_; }

private:
    struct State;
    std::vector<Socket> where_;
    std::unique_ptr<State> state_;
};

} // namespace owhale::cli
