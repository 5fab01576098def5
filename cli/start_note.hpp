// The line on a terminal that says that a run takes long to start, and that goes away again.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include "cli/output.hpp"

namespace owhale::cli {

class StartNote {
public:
    explicit StartNote(boost::asio::io_context& loop) : timer_(loop) {}

    void show_when_late() {
        timer_.expires_after(std::chrono::seconds(1));
        timer_.async_wait([this](const boost::system::error_code& error) {
            if (error) return;
            shown_ = true;
            std::fputs((std::string(program_name()) + ": starting the run…").c_str(), stderr);
        });
    }
    void take_back() {
        timer_.cancel();
        if (std::exchange(shown_, false)) std::fputs("\r\x1b[K", stderr);
    }

private:
    boost::asio::steady_timer timer_;
    bool shown_ = false;
};

} // namespace owhale::cli
