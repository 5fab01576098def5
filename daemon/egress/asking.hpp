// A host that no list knows is a question for people: daemon/approvals answers, daemon/broker_asks.cpp brings the two together.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "egress/gate.hpp"

namespace owhale::egress {

struct HostAnswer {
    bool allowed = false;
    std::string approval; // the request's id
    std::string because;  // a sentence
};

class Asking {
public:
    virtual ~Asking() = default;
    // Waits until somebody answers, the question expires, or the run ends. The same host of the same run is asked once.
    // busy: too many questions wait.
    virtual boost::asio::awaitable<Result<HostAnswer>> ask(const sandbox::NetRun& run, const Target& target) = 0;
    // The run has ended: its questions are cancelled.
    virtual void forget(const std::string& run) = 0;
};

} // namespace owhale::egress
