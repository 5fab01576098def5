// Says that a run waits for people: for whom, since when, until when. On a terminal in one line that is kept up to date and
// goes away again, in a pipe in one line once. Before that, what it would fail for even if they agree, so that nobody waits in vain.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>
#include <vector>

#include "cli/connection.hpp"
#include "shared/api.hpp"
#include "shared/api_approvals.hpp"

namespace owhale::cli {

class WaitingNote {
public:
    WaitingNote(asio::io_context& loop, const Where& where)
        : loop_(loop), connection_(loop.get_executor(), where), timer_(loop) {}

    void mute() { mute_ = true; }
    void begin(const api::Run& run); // that waits for `run.approval`
    void end();

private:
    asio::awaitable<void> fetch(std::string id);
    void tell();
    void show() const;

    asio::io_context& loop_;
    Connection connection_;
    asio::steady_timer timer_;
    api::Approval approval_;
    std::vector<api::Hint> hints_; // of the run
    bool mute_ = false, waiting_ = false, shown_ = false;
};

// Those of a run's hints that its approval has as notes: "even if people agree, it will have no network: … -- --allow-host …".
std::vector<std::string> told_before(const api::Approval& approval, const std::vector<api::Hint>& hints);
// "waiting 5s for approval deadbeef by approver/admin, expires in 10m".
std::string told(const api::Approval& approval, std::int64_t now);
// On a terminal of so many columns: that, or less, and always how it is taken back.
std::string waiting_line(const api::Approval& approval, std::int64_t now, std::size_t columns);

} // namespace owhale::cli
