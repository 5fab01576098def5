// The listener and the connections that came by it: accepted, told to the broker, counted, let go.
#pragma once

#include "spawner/connections.hpp"
#include "spawner/loop.hpp"

namespace owhale::spawner {

class Acceptor {
public:
    Acceptor(Loop& loop, int listener) : loop_(loop), listener_(listener) {}
    Status open();
    Status accept_one();
    // The peer hung up.
    Status hung_up(std::uint64_t number);
    Status on_close(Packet& packet);
    const Connections& connections() const { return connections_; }

private:
    Status pause();
    Status resume();

    Loop& loop_;
    int listener_;
    Connections connections_;
    bool listening_ = false;
};

} // namespace owhale::spawner
