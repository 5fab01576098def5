#include "egress/relay.hpp"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

namespace owhale::egress {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

using Block = std::array<char, 64u << 10>;
constexpr std::size_t kKept = 16; // blocks that wait for the next use: 1 MiB

// A block is held only between bytes that came and bytes that went: a quiet connection has none.
class Borrowed {
public:
    Borrowed() {
        if (spare().empty()) spare().push_back(std::unique_ptr<Block>(new Block)); // not zeroed
        block_ = std::move(spare().back());
        spare().pop_back();
    }
    ~Borrowed() {
        if (spare().size() < kKept) spare().push_back(std::move(block_));
    }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    Block& get() { return *block_; }

private:
    static std::vector<std::unique_ptr<Block>>& spare() {
        static thread_local std::vector<std::unique_ptr<Block>> blocks;
        return blocks;
    }
    std::unique_ptr<Block> block_;
};

struct Joint {
    std::shared_ptr<Stream> client, server;
    std::shared_ptr<Gate> gate;
    Permit permit;
    asio::steady_timer other; // ends when the other way has
    bool other_ended = false;

    void cut() const {
        client->close();
        server->close();
    }
};

// One piece; false: this way has ended. What a failure means is the same for both ways: cut.
awaitable<bool> move_some(Joint& joint, Stream& from, Stream& to, bool up) {
    const auto waited = co_await from.wait_readable();
    if (!waited) co_return joint.cut(), false;
    Borrowed buffer;
    const auto got = co_await from.read(asio::buffer(buffer.get()));
    if (!got) co_return joint.cut(), false;
    if (*got == 0) {
        co_await to.end_writing();
        co_return false;
    }
    if (!joint.gate->count(joint.permit, up ? *got : 0, up ? 0 : *got)) co_return joint.cut(), false;
    const auto put = co_await to.write(asio::buffer(buffer.get().data(), *got));
    if (!put) joint.cut();
    co_return put.has_value();
}

awaitable<void> move_all(std::shared_ptr<Joint> joint, bool up) {
    auto& from = up ? *joint->client : *joint->server;
    auto& to = up ? *joint->server : *joint->client;
    for (bool more = true; more;) more = co_await move_some(*joint, from, to, up);
}

} // namespace

awaitable<void> relay(std::shared_ptr<Stream> client, std::shared_ptr<Stream> server, std::shared_ptr<Gate> gate,
                      Permit permit) {
    const auto executor = co_await asio::this_coro::executor;
    const auto joint = std::make_shared<Joint>(
        Joint{std::move(client), std::move(server), std::move(gate), std::move(permit), asio::steady_timer(executor)});
    joint->other.expires_at(asio::steady_timer::time_point::max());
    asio::co_spawn(executor, move_all(joint, true), [joint](std::exception_ptr) {
        joint->other_ended = true;
        joint->other.cancel();
    });
    co_await move_all(joint, false);
    boost::system::error_code ignored;
    while (!joint->other_ended) co_await joint->other.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    joint->cut();
}

} // namespace owhale::egress
