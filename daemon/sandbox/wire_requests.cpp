// Requests to the spawner that wait for its answer.
#include "sandbox/wire_channel.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <sys/socket.h>

namespace owhale::sandbox {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using wire::Type;

constexpr std::chrono::seconds kResolveTime{10};
constexpr std::chrono::seconds kRunTime{30};
constexpr std::chrono::seconds kReopenTime{10};
constexpr std::chrono::seconds kWordTime{10}; // for what the spawner answers at once

} // namespace

template <typename T>
awaitable<Result<T>> WireChannel::await_word(std::deque<Pending<T>*>& waiting, Pending<T>& pending) {
    pending.timer.expires_after(kWordTime);
    if (!lost_) waiting.push_back(&pending);
    boost::system::error_code ignored;
    if (!lost_) co_await pending.timer.async_wait(asio::redirect_error(use_awaitable, ignored));
    if (pending.answer) co_return std::move(*pending.answer);
    std::ranges::replace(waiting, &pending, static_cast<Pending<T>*>(nullptr));
    co_return fail(Code::spawner_unavailable, "the spawner does not answer", "try again in a moment");
}

void WireChannel::reset_box(std::string_view key, std::uint32_t uid) {
    wire::ResetBox message{};
    message.header = {Type::reset_box, sizeof message};
    if (key.size() >= sizeof message.box_key) return;
    std::memcpy(message.box_key, key.data(), key.size());
    message.uid = uid;
    send(message);
}

awaitable<Status> WireChannel::hold(std::uint64_t connection) {
    send(wire::HoldConnection{{Type::hold_connection, sizeof(wire::HoldConnection)}, connection});
    Pending<wire::ConnectionHeld> pending(executor_);
    const auto held = co_await await_word(holding_, pending);
    if (!held) co_return std::unexpected(held.error());
    if (held->err == 0) co_return Status{};
    if (held->err == ENOTCONN) co_return fail(Code::unreachable, "its client has gone");
    co_return fail(Code::busy, "too many requests wait for an answer (1,024 of one user, 4,096 of all)",
                   "decide or cancel some: owhalectl approvals ls");
}

awaitable<Result<wire::FrozenBy>> WireChannel::freeze(std::uint64_t run, bool still) {
    send(wire::FreezeRun{{Type::freeze_run, sizeof(wire::FreezeRun)}, run, still ? 1u : 0u, 0});
    Pending<wire::RunFrozen> pending(executor_);
    const auto frozen = co_await await_word(freezing_, pending);
    if (!frozen) co_return std::unexpected(frozen.error());
    if (frozen->err != 0) co_return fail(Code::not_found, "the run has ended");
    co_return frozen->by;
}

awaitable<Result<int>> WireChannel::keep_head(wire::AuditHead head) {
    head.header = {Type::audit_head, sizeof head};
    send(head);
    Pending<wire::AuditHeadKept> pending(executor_);
    const auto kept = co_await await_word(keeping_, pending);
    if (!kept) co_return std::unexpected(kept.error());
    co_return kept->err;
}

awaitable<Result<std::vector<Fd>>> WireChannel::inner_sockets(std::uint64_t run, int family, std::size_t count) {
    wire::InnerSockets message{};
    message.header = {Type::inner_sockets, sizeof message};
    message.run = run;
    message.count = static_cast<std::uint32_t>(count);
    message.family = static_cast<std::uint32_t>(family);
    if (count == 0 || count > wire::kMaxInner || (family != AF_INET && family != AF_INET6))
        co_return fail(Code::internal, "inner sockets: 1 to 8 of AF_INET or AF_INET6");
    send(message);
    Pending<std::vector<Fd>> pending(executor_);
    auto made = co_await await_word(entering_, pending);
    co_return made;
}

awaitable<Result<OpenedPort>> WireChannel::open_port(std::uint64_t run, std::array<std::uint8_t, 16> address,
                                                     std::uint16_t port) {
    wire::OpenPort message{};
    message.header = {Type::open_port, sizeof message};
    message.run = run;
    std::ranges::copy(address, message.address);
    message.port = port;
    send(message);
    Pending<OpenedPort> pending(executor_);
    auto opened = co_await await_word(opening_, pending);
    co_return opened;
}

awaitable<Result<Resolution>> WireChannel::resolve(wire::Resolve request, wire::Blob strings) {
    auto blob = wire::write_blob(strings);
    if (!blob) co_return std::unexpected(blob.error());
    request.header = {Type::resolve, sizeof request};
    Pending<Resolution> pending(executor_);
    pending.timer.expires_after(kResolveTime);
    resolving_[request.resolution] = &pending;
    send(request, std::move(*blob));
    boost::system::error_code ignored;
    if (!pending.answer && !lost_) co_await pending.timer.async_wait(asio::redirect_error(use_awaitable, ignored));
    resolving_.erase(request.resolution);
    if (pending.answer) co_return std::move(*pending.answer);
    if (lost_) co_return fail(Code::spawner_unavailable, "the spawner is gone", "try again in a moment");
    drop_resolution(request.resolution);
    co_return fail(Code::busy, "looking up the working folder and the program took longer than 10 s",
                   "a network or FUSE file system may be stalled; try another folder");
}

awaitable<Result<Started>> WireChannel::run(wire::Run request, wire::Blob strings) {
    auto blob = wire::write_blob(strings);
    if (!blob) {
        drop_resolution(request.resolution);
        co_return std::unexpected(blob.error());
    }
    request.header = {Type::run, sizeof request};
    Pending<Started> pending(executor_);
    pending.timer.expires_after(kRunTime);
    starting_[request.run] = &pending;
    send(request, std::move(*blob));
    boost::system::error_code ignored;
    if (!pending.answer && !lost_) co_await pending.timer.async_wait(asio::redirect_error(use_awaitable, ignored));
    starting_.erase(request.run);
    networks_.erase(request.run);
    if (pending.answer) co_return std::move(*pending.answer);
    if (lost_) co_return fail(Code::spawner_unavailable, "the spawner is gone", "try again in a moment");
    kill(request.run, wire::EndReason::killed, 0);
    co_return fail(Code::busy, "building the cage took longer than 30 s", "see `owhalectl doctor`, then try again");
}

awaitable<Result<Reopened>> WireChannel::reopen() {
    Pending<Reopened> pending(executor_);
    pending.timer.expires_after(kReopenTime);
    reopening_.push_back(&pending);
    send(wire::Reopen{{Type::reopen, sizeof(wire::Reopen)}});
    boost::system::error_code ignored;
    if (!pending.answer && !lost_) co_await pending.timer.async_wait(asio::redirect_error(use_awaitable, ignored));
    if (pending.answer) co_return std::move(*pending.answer);
    // Its answer may still come: the place in the order stays.
    std::replace(reopening_.begin(), reopening_.end(), &pending, static_cast<Pending<Reopened>*>(nullptr));
    if (lost_) co_return fail(Code::spawner_unavailable, "the spawner is gone", "try again in a moment");
    co_return fail(Code::busy, "the spawner did not open the files within 10 s", "try again in a moment");
}

} // namespace owhale::sandbox
