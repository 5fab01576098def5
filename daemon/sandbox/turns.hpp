// Turns at something of which only so much may go on at once, in all and per uid: who asks for more waits in line.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <list>
#include <map>
#include <memory>

#include "shared/error.hpp"

namespace owhale::sandbox {

class Turns {
    struct Line;

public:
    Turns(unsigned most, unsigned most_per_uid);

    // Held while the thing goes on; given back when it is destroyed.
    class Turn {
    public:
        Turn() = default;
        Turn(std::shared_ptr<Line> line, std::uint32_t uid) : line_(std::move(line)), uid_(uid) {}
        Turn(Turn&& other) noexcept : line_(std::move(other.line_)), uid_(other.uid_) {}
        Turn& operator=(Turn&&) = delete;
        ~Turn();

    private:
        std::shared_ptr<Line> line_;
        std::uint32_t uid_ = 0;
    };

    // busy when there was none in `time`.
    boost::asio::awaitable<Result<Turn>> take(std::uint32_t uid, std::chrono::milliseconds time);

private:
    std::shared_ptr<Line> line_;
};

} // namespace owhale::sandbox
