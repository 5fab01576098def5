// Connecting: names become addresses, addresses are checked, and the connection goes to one that was.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.hpp"
#include "egress/own_ports.hpp"
#include "egress/run_gate.hpp"
#include "egress/socket_stream.hpp"

namespace owhale::egress {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kDialTime = 10s, kTryTime = 4s; // in all; of an address that is not the last
constexpr std::size_t kMostLookups = 64;                            // names of one run at once

// Tells the report how long a connection was.
class Timed final : public Stream {
public:
    Timed(std::unique_ptr<Stream> inner, std::shared_ptr<RunGate> gate, std::size_t row)
        : inner_(std::move(inner)), gate_(std::move(gate)), row_(row) {}
    ~Timed() override {
        gate_->report().ended(row_, static_cast<std::uint64_t>((monotonic_ns() - began_) / 1'000'000));
    }
    awaitable<Result<std::size_t>> read(asio::mutable_buffer into) override { return inner_->read(into); }
    awaitable<Status> wait_readable() override { return inner_->wait_readable(); }
    awaitable<Status> write(asio::const_buffer from) override { return inner_->write(from); }
    awaitable<void> end_writing() override { return inner_->end_writing(); }
    void close() override { inner_->close(); }

private:
    std::unique_ptr<Stream> inner_;
    std::shared_ptr<RunGate> gate_;
    std::size_t row_;
    std::int64_t began_ = monotonic_ns();
};

struct LookedUp { // a name of a run whose lookup is under way: many connections may wait for one
    using Names = std::map<std::string, std::size_t>;
    LookedUp(Names& of, const std::string& name) : names(of), at(of.try_emplace(name, 0).first) { ++at->second; }
    ~LookedUp() {
        if (--at->second == 0) names.erase(at);
    }
    LookedUp(const LookedUp&) = delete;
    LookedUp& operator=(const LookedUp&) = delete;
    Names& names;
    Names::iterator at;
};

} // namespace

awaitable<Result<Addresses>> RunGate::addresses(std::string name) {
    const auto self = shared_from_this();
    if (looking_up_.size() >= kMostLookups && !looking_up_.contains(name))
        co_return fail(Code::busy, "64 names are being looked up for this run", "fewer connections at once");
    const LookedUp looked_up(looking_up_, name);
    co_return co_await parts_.resolver->find(name);
}

// Those of the addresses that the run may be connected to. One that is private, loopback or the like, which a name led to,
// needs a rule (or an answer) that names the address: whoever owns the name chose it (DNS rebinding).
Result<Addresses> RunGate::reachable(const Permit& permit, const Addresses& all) {
    const auto& target = permit.target;
    Addresses good;
    for (const auto& address : all) {
        const auto* kind = special(address);
        const bool named = kind == nullptr || list_.names_address(address, target.port).has_value();
        const bool answered = kind != nullptr && kind->may_ask && as_address(target.host) == address &&
                              answered_.contains({target.host, target.port});
        if ((named || answered) && !is_own(address, target.port, parts_.own)) good.push_back(address);
    }
    if (!good.empty()) return good;
    const auto& first = all.front();
    const auto* kind = special(first);
    if (is_own(first, target.port, parts_.own))
        return denied(target, "own-address", "owhaled itself listens there",
                      "what a run may ask of owhaled it asks by its own socket");
    const Target named{first.to_string(), target.port, target.how, {}, {}};
    const auto host = to_text(named.host, named.port);
    return denied(target, "private-address",
                  first.to_string() + " is " + (kind == nullptr ? "special" : std::string(kind->name)) +
                      ", and no rule names it",
                  "owhalectl hosts allow " + host + ", or run with --allow-host " + host);
}

Status RunGate::afford(const Permit& permit) {
    const auto most = parts_.run->most_connections;
    if (most != 0 && dialled_ >= most)
        return denied(permit.target, "net-connections", "the run has used up its connections",
                      "a higher setting net-connections", Code::rate_limited);
    ++dialled_;
    return {};
}

awaitable<Result<Fd>> RunGate::connect(asio::ip::address address, std::uint16_t port, std::chrono::milliseconds time) {
    asio::ip::tcp::socket socket(parts_.executor);
    boost::system::error_code error;
    socket.open(address.is_v4() ? asio::ip::tcp::v4() : asio::ip::tcp::v6(), error);
    if (error)
        co_return std::unexpected(
            Error{Code::unreachable, "no socket for " + address.to_string(), "", error.value(), {}});
    asio::steady_timer deadline(parts_.executor, time);
    bool late = false;
    deadline.async_wait([&socket, &late](boost::system::error_code cancelled) {
        if (cancelled) return;
        late = true;
        boost::system::error_code ignored;
        socket.close(ignored);
    });
    co_await socket.async_connect({address, port}, asio::redirect_error(asio::use_awaitable, error));
    // The handler refers to this frame: it is gone, or it has run, before this goes on.
    if (deadline.cancel() == 0 && !late) {
        boost::system::error_code ignored;
        deadline.expires_after(0ms);
        co_await deadline.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (late || error)
        co_return std::unexpected(Error{Code::unreachable,
                                        "no connection to " + to_text(address.to_string(), port),
                                        "",
                                        late ? ETIMEDOUT : error.value(),
                                        {}});
    socket.set_option(asio::ip::tcp::no_delay(true), error);
    const int fd = socket.release(error);
    if (error) co_return fail(Code::internal, "the socket cannot be given on: " + error.message());
    co_return Fd(fd);
}

awaitable<Result<std::unique_ptr<Stream>>> RunGate::dial(const Permit& given) {
    const auto self = shared_from_this();
    const auto permit = given;
    CO_CHECK(afford(permit));
    Addresses all;
    if (const auto literal = as_address(permit.target.host))
        all.push_back(*literal);
    else {
        auto found = co_await addresses(permit.target.host);
        if (!found) {
            unresolved(permit, found.error());
            co_return std::unexpected(found.error());
        }
        all = *std::move(found);
    }
    auto good = reachable(permit, all);
    if (!good) co_return std::unexpected(good.error());
    const auto until = monotonic_ns() + std::chrono::nanoseconds(kDialTime).count();
    Error last{Code::unreachable, "no connection to " + permit.target.host, "", 0, {}};
    for (std::size_t i = 0; i < good->size(); ++i) {
        const auto left = std::chrono::milliseconds((until - monotonic_ns()) / 1'000'000);
        if (left <= 0ms || open_->ended()) break;
        auto socket =
            co_await connect((*good)[i], permit.target.port, i + 1 < good->size() ? std::min(left, kTryTime) : left);
        if (!socket) {
            last = socket.error();
            continue;
        }
        auto stream = stream_over(parts_.executor, *std::move(socket), open_);
        if (!stream) co_return std::unexpected(stream.error());
        report_.connected(permit.row, (*good)[i].to_string());
        co_return std::make_unique<Timed>(*std::move(stream), self, permit.row);
    }
    last.next = "see that it is up, and that this machine reaches it";
    co_return std::unexpected(last);
}

} // namespace owhale::egress
