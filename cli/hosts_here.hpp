// Deciding in place about the hosts that one's own run asks for while it runs, one question after the other.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "cli/approval_feed.hpp"
#include "cli/approve_here.hpp"
#include "cli/bell.hpp"

namespace owhale::cli {

class HostsHere {
public:
    // `words`: approve_here_words(); without any, it does nothing.
    HostsHere(asio::io_context& loop, const Where& where, std::vector<std::string> words);

    // Follows what waits for as long as the loop runs. Nothing else may read the terminal from now on.
    void begin(const std::string& run);
    // Ends a question that is being shown; there is no other.
    void end();

private:
    void listed(const std::vector<api::Approval>& pending);
    asio::awaitable<void> decide();
    asio::awaitable<void> pause();

    asio::io_context& loop_;
    ApprovalFeed feed_;
    Bell asked_;
    std::vector<std::string> words_;
    std::string run_;
    std::deque<std::string> open_; // requests that nobody was shown yet
    std::vector<std::string> pending_;
    bool begun_ = false;
};

} // namespace owhale::cli
