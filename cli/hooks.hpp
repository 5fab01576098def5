// A command of the person's own that runs for each new request: for mail, ntfy, notify-send. It learns the request's id,
// principal and severity by its environment, never what was asked for.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <sys/types.h>

#include "shared/api_approvals.hpp"

namespace owhale::cli {

class Hooks {
public:
    // "" for none. `quiet`: what it writes goes nowhere, for the screen is ours.
    Hooks(std::string command, bool quiet) : command_(std::move(command)), quiet_(quiet) {}

    // Starts it by /bin/sh -c, at most four at once; the others wait, and beyond 1,000 are dropped.
    void add(const api::Approval& approval);
    // Takes those that ended, ends those that take longer than a minute, starts those that wait. What went wrong, "" nothing.
    std::string look(std::int64_t now_ms);

private:
    struct Order {
        std::string id, principal, severity;
    };
    struct Running {
        std::string id;
        std::int64_t since_ms = 0;
    };
    std::string start(const Order& order, std::int64_t now_ms);

    std::string command_;
    bool quiet_;
    std::deque<Order> waiting_;
    std::map<pid_t, Running> running_;
};

} // namespace owhale::cli
