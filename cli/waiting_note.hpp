// Says that a run waits for people: for whom, since when, until when. On a terminal in one line that is kept up to date and
// goes away again, in a pipe in one line once.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>

#include "cli/connection.hpp"
#include "shared/api_approvals.hpp"

namespace owhale::cli {

class WaitingNote {
public:
    WaitingNote(asio::io_context& loop, const Where& where)
        : loop_(loop), connection_(loop.get_executor(), where), timer_(loop) {}

    void mute() { mute_ = true; }
    void begin(const std::string& approval);
    void end();

private:
    asio::awaitable<void> fetch(std::string id);
    void tell();
    void show() const;

    asio::io_context& loop_;
    Connection connection_;
    asio::steady_timer timer_;
    api::Approval approval_;
    bool mute_ = false, waiting_ = false, shown_ = false;
};

// "waiting 5s for approval deadbeef by approver/admin, expires in 10m".
std::string told(const api::Approval& approval, std::int64_t now);
// On a terminal of so many columns: that, or less, and always how it is taken back.
std::string waiting_line(const api::Approval& approval, std::int64_t now, std::size_t columns);

} // namespace owhale::cli
