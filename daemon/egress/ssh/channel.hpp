// One end of a connection that speaks the ssh-agent protocol (draft-ietf-sshm-ssh-agent, section 3): whole messages, each a
// 32-bit length, a byte that says what it is, and the rest.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "egress/stream.hpp"

namespace owhale::egress::ssh {

inline constexpr std::size_t kMostMessage = 256u << 10; // bytes, as OpenSSH's agent

class Channel : public std::enable_shared_from_this<Channel> {
public:
    Channel(boost::asio::any_io_executor io, std::unique_ptr<Stream> stream)
        : timer_(std::move(io)), stream_(std::move(stream)) {}
    // The next one, without its length. However long it takes to its first byte, the rest is there in 30 s. unreachable: the
    // other side has ended, or was late; body_too_large; invalid_value: an empty one. After an error nothing more can be read.
    boost::asio::awaitable<Result<std::string>> read();
    // The same, all of it within `time`.
    boost::asio::awaitable<Result<std::string>> read_within(std::chrono::seconds time);
    // unreachable when the other side does not take it in 30 s.
    boost::asio::awaitable<Status> write(std::string message);
    void close() { stream_->close(); }

private:
    boost::asio::awaitable<Status> fill(char* to, std::size_t size);
    boost::asio::awaitable<Result<std::string>> read_rest(char first);
    void close_after(std::chrono::seconds time);

    boost::asio::steady_timer timer_;
    std::unique_ptr<Stream> stream_;
};

} // namespace owhale::egress::ssh
