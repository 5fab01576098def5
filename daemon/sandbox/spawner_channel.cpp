#include "sandbox/spawner_channel.hpp"

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <sys/socket.h>

#include "base/log.hpp"
#include "sandbox/packet.hpp"

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
constexpr std::size_t kMaxQueued = 65536;     // packets; the spawner is stuck when it reads none of these
constexpr std::size_t kResolvedStrings = 9;

// One request that waits for its answer.
template <typename T> struct Pending {
    explicit Pending(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    std::optional<Result<T>> answer;
    void settle(Result<T> value) {
        answer = std::move(value);
        timer.cancel();
    }
};

template <std::size_t N> std::string text_of(const char (&field)[N]) {
    return {field, ::strnlen(field, N)};
}

Result<std::size_t> index_of(const std::string& text, std::size_t below) {
    std::size_t value = 0;
    const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (err != std::errc{} || end != text.data() + text.size() || value >= below)
        return fail(Code::spawner_unavailable, "a probe's index is out of range");
    return value;
}

Status take_strings(Resolution& to, wire::List& strings) {
    if (strings.size() != kResolvedStrings) return fail(Code::spawner_unavailable, "resolved: wrong number of strings");
    std::string* const members[kResolvedStrings] = {&to.cwd,  &to.workspace, &to.program,    &to.program_real, &to.home,
                                                    &to.user, &to.git,       &to.git_common, &to.hashbang};
    for (std::size_t i = 0; i < kResolvedStrings; ++i) *members[i] = std::move(strings[i]);
    return {};
}

Status take_probes(Resolution& to, const wire::List& facts) {
    for (const auto& bytes : facts) {
        wire::PathFact fact;
        if (bytes.size() != sizeof fact) return fail(Code::spawner_unavailable, "resolved: a probe of the wrong size");
        std::memcpy(&fact, bytes.data(), sizeof fact);
        to.probes.push_back(fact);
    }
    return {};
}

Result<Resolution> read_resolved(Packet& packet) {
    Resolution out;
    out.facts = TRY(packet.as<wire::Resolved>());
    out.number = out.facts.resolution;
    const std::size_t program = out.facts.has_program_fd != 0 ? 1 : 0;
    const std::size_t agent = out.facts.ssh_agent == 0 ? 1 : 0;
    if (packet.fds.size() != 1 + program + out.facts.read_count + agent)
        return fail(Code::spawner_unavailable, "resolved: wrong number of descriptors");
    auto blob = TRY(wire::read_blob(packet.fds[0].get(), out.facts.scan != 0 ? 4 : 3));
    if (out.facts.err != 0) return out; // it stopped at a step: there is nothing more to tell
    CHECK(take_strings(out, blob[0]));
    out.nameless = out.user == "uid" + std::to_string(out.facts.owner_uid);
    CHECK(take_probes(out, blob[1]));
    if (blob[2].size() != out.facts.read_count)
        return fail(Code::spawner_unavailable, "resolved: wrong number of reads");
    if (program != 0) out.program_fd = std::move(packet.fds[1]);
    if (agent != 0) out.ssh_agent = std::move(packet.fds.back());
    if (out.facts.scan != 0) out.scanned = std::move(blob[3]);
    for (std::size_t i = 0; i < blob[2].size(); ++i)
        out.reads.emplace_back(TRY(index_of(blob[2][i], out.probes.size())), std::move(packet.fds[1 + program + i]));
    return out;
}

Result<Reopened> read_reopened(Packet& packet) {
    const auto message = TRY(packet.as<wire::Reopened>());
    Reopened out;
    std::size_t next = 0;
    for (std::uint32_t i = 0; i < wire::kFiles; ++i) {
        out.err[i] = message.err[i];
        if ((message.have & 1u << i) == 0) continue;
        if (next == packet.fds.size()) return fail(Code::spawner_unavailable, "reopened: too few descriptors");
        out.files[i] = std::move(packet.fds[next++]);
    }
    if (next != packet.fds.size()) return fail(Code::spawner_unavailable, "reopened: too many descriptors");
    return out;
}

// Why a file is not what was agreed to; "" when it is no reason of the file's.
std::string void_words(int errnum) {
    switch (errnum) {
    case ESTALE:
        return " has changed since it was approved";
    case EFBIG:
        return " is too large to be held to what was approved: 256 MiB each, 512 MiB together";
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EISDIR:
    case EXDEV:
        return " is not the file any more that was approved";
    case EACCES:
    case EPERM:
        return " cannot be read any more";
    default:
        return {};
    }
}

// What admit refused carries its code before the text: "net_host_denied: uid 7 may not …".
Error jail_error(const wire::RunFailed& failed) {
    const auto step = text_of(failed.step);
    auto detail = text_of(failed.detail);
    auto code = Code::jail_failed;
    if (const auto colon = detail.find(": "); step == "admit" && colon != std::string::npos) {
        code = code_of(detail.substr(0, colon));
        detail.erase(0, colon + 2);
        return Error{code, std::move(detail), {}, 0, step};
    }
    if (step == "approved" && failed.err == EBUSY)
        return Error{Code::busy, detail + " could not be held in place in your other runs, which could replace it",
                     "try again, or end them: owhalectl runs ls", EBUSY, step};
    if (auto words = void_words(failed.err); step == "approved" && !words.empty())
        return Error{Code::approval_void, detail + words, "look at what it is now, and ask again", failed.err, step};
    return Error{code, detail.empty() ? "the step " + step + " failed" : detail, {}, failed.err, step};
}

class WireChannel final : public SpawnerChannel {
public:
    WireChannel(asio::any_io_executor executor, Fd socket) : executor_(executor), socket_(executor, socket.release()) {
        wait_readable();
    }

    awaitable<Result<Resolution>> resolve(wire::Resolve request, wire::Blob strings) override;
    awaitable<Result<Started>> run(wire::Run request, wire::Blob strings) override;
    void drop_resolution(std::uint64_t resolution) override {
        send(wire::DropResolution{{Type::drop_resolution, sizeof(wire::DropResolution)}, resolution});
    }
    void signal(std::uint64_t run, int signal) override {
        send(wire::SignalRun{{Type::signal_run, sizeof(wire::SignalRun)}, run, signal});
    }
    void kill(std::uint64_t run, wire::EndReason reason, std::uint32_t grace_ms) override {
        send(wire::KillRun{{Type::kill_run, sizeof(wire::KillRun)}, run, reason, grace_ms});
    }
    void close_connection(std::uint64_t connection) override {
        send(wire::CloseConnection{{Type::close_connection, sizeof(wire::CloseConnection)}, connection});
    }
    awaitable<Status> hold(std::uint64_t connection) override;
    void release(std::uint64_t connection) override {
        send(wire::ReleaseConnection{{Type::release_connection, sizeof(wire::ReleaseConnection)}, connection});
    }
    awaitable<Result<wire::FrozenBy>> freeze(std::uint64_t run, bool still) override;
    awaitable<Result<Reopened>> reopen() override;
    awaitable<Result<std::vector<Fd>>> inner_sockets(std::uint64_t run, int family, std::size_t count) override;
    awaitable<Result<OpenedPort>> open_port(std::uint64_t run, std::array<std::uint8_t, 16> address,
                                            std::uint16_t port) override;
    void reset_box(std::string_view key, std::uint32_t uid) override;

private:
    template <typename T> void send(const T& message, Fd blob = {}) {
        T clean = message;
        send_bytes({reinterpret_cast<const char*>(&clean), sizeof clean}, std::move(blob));
    }
    void send_bytes(std::string_view bytes, Fd blob);
    void flush();
    void wait_readable();
    void wait_writable();
    void read_packets();
    Status dispatch(Packet& packet);
    Status on_resolved_packet(Packet& packet);
    Status on_started_packet(Packet& packet);
    Status on_failed_packet(Packet& packet);
    Status on_reopened_packet(Packet& packet);
    Status on_network_packet(Packet& packet);
    Status on_host_port_packet(Packet& packet);
    template <typename T> Status on_word_packet(Packet& packet, std::deque<Pending<T>*>& waiting);
    template <typename T> Status settle_first(std::deque<Pending<T>*>& waiting, Result<T> answer);
    template <typename T> awaitable<Result<T>> await_word(std::deque<Pending<T>*>& waiting, Pending<T>& pending);
    Status tell(Packet& packet);
    void lose(std::string why);

    asio::any_io_executor executor_;
    asio::posix::stream_descriptor socket_;
    std::map<std::uint64_t, Pending<Resolution>*> resolving_;
    std::map<std::uint64_t, Pending<Started>*> starting_;
    std::map<std::uint64_t, RunPieces> networks_; // of runs that are starting
    // Answered in their order; null: nobody waits any more.
    std::deque<Pending<Reopened>*> reopening_;
    std::deque<Pending<wire::ConnectionHeld>*> holding_;
    std::deque<Pending<wire::RunFrozen>*> freezing_;
    std::deque<Pending<std::vector<Fd>>*> entering_;
    std::deque<Pending<OpenedPort>*> opening_;
    std::deque<std::pair<std::string, Fd>> queue_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    bool waiting_writable_ = false;
    bool lost_ = false;
    bool ready_ = false;
};

void WireChannel::reset_box(std::string_view key, std::uint32_t uid) {
    wire::ResetBox message{};
    message.header = {Type::reset_box, sizeof message};
    if (key.size() >= sizeof message.box_key) return;
    std::memcpy(message.box_key, key.data(), key.size());
    message.uid = uid;
    send(message);
}

void WireChannel::send_bytes(std::string_view bytes, Fd blob) {
    if (lost_) return;
    if (queue_.size() >= kMaxQueued) return lose("the spawner reads nothing any more");
    queue_.emplace_back(std::string(bytes), std::move(blob));
    if (!waiting_writable_) flush();
}

void WireChannel::flush() {
    while (!queue_.empty()) {
        const auto& [bytes, blob] = queue_.front();
        if (const auto sent = send_packet(socket_.native_handle(), bytes, blob.get()); !sent) {
            if (sent.error().errnum == EAGAIN) return wait_writable();
            return lose(to_line(sent.error()));
        }
        queue_.pop_front();
    }
}

void WireChannel::wait_writable() {
    waiting_writable_ = true;
    socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                       [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
                           if (alive.expired()) return;
                           waiting_writable_ = false;
                           if (!error) flush();
                       });
}

void WireChannel::wait_readable() {
    socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
                           if (alive.expired() || error) return;
                           read_packets();
                           if (!lost_) wait_readable();
                       });
}

void WireChannel::read_packets() {
    // Bounded, so that a flood of accepts does not starve the runs' output.
    for (int i = 0; i < 64 && !lost_; ++i) {
        auto packet = receive_packet(socket_.native_handle());
        if (!packet && packet.error().errnum == EAGAIN) return;
        if (!packet) return lose(to_line(packet.error()));
        if (const auto done = dispatch(*packet); !done) return lose(to_line(done.error()));
    }
}

Status WireChannel::dispatch(Packet& packet) {
    const auto header = packet.header();
    if (header.size != packet.size) return fail(Code::spawner_unavailable, "a message whose size lies");
    if (!ready_ && header.type != Type::ready) return fail(Code::spawner_unavailable, "a message before `ready`");
    switch (header.type) {
    case Type::resolved:
        return on_resolved_packet(packet);
    case Type::run_started:
        return on_started_packet(packet);
    case Type::run_failed:
        return on_failed_packet(packet);
    case Type::reopened:
        return on_reopened_packet(packet);
    case Type::connection_held:
        return on_word_packet(packet, holding_);
    case Type::run_frozen:
        return on_word_packet(packet, freezing_);
    case Type::run_network:
        return on_network_packet(packet);
    case Type::run_host_port:
        return on_host_port_packet(packet);
    case Type::inner_sockets_made:
        return settle_first(entering_, TRY(read_inner_sockets(packet)));
    case Type::port_opened:
        return settle_first(opening_, TRY(read_opened_port(packet)));
    default:
        return tell(packet);
    }
}

Status WireChannel::on_resolved_packet(Packet& packet) {
    auto resolution = TRY(read_resolved(packet));
    const auto found = resolving_.find(resolution.number);
    if (found != resolving_.end())
        found->second->settle(std::move(resolution));
    else
        drop_resolution(resolution.number); // it came too late
    return {};
}

Status WireChannel::on_started_packet(Packet& packet) {
    Started started;
    started.facts = TRY(packet.as<wire::RunStarted>());
    if (packet.fds.empty() || packet.fds.size() > 3)
        return fail(Code::spawner_unavailable, "run_started: wrong number of descriptors");
    auto fds = packet.fds.begin();
    if (packet.fds.size() != 2) started.in = std::move(*fds++);
    if (packet.fds.size() != 1) {
        started.out = std::move(*fds++);
        started.err = std::move(*fds);
    }
    if (auto network = networks_.extract(started.facts.run); !network.empty())
        started.network = std::move(network.mapped());
    const auto found = starting_.find(started.facts.run);
    if (found != starting_.end())
        found->second->settle(std::move(started));
    else
        kill(started.facts.run, wire::EndReason::killed, 0); // nobody waits for it any more
    return {};
}

Status WireChannel::on_failed_packet(Packet& packet) {
    const auto failed = TRY(packet.as<wire::RunFailed>());
    networks_.erase(failed.run);
    if (const auto found = starting_.find(failed.run); found != starting_.end())
        found->second->settle(std::unexpected(jail_error(failed)));
    return {};
}

Status WireChannel::on_reopened_packet(Packet& packet) {
    auto reopened = TRY(read_reopened(packet));
    if (reopening_.empty()) return {};
    auto* const first = reopening_.front();
    reopening_.pop_front();
    if (first != nullptr) first->settle(std::move(reopened));
    return {};
}

// Whoever waits gets them with run_started; of a run that nobody waits for they are closed.
Status WireChannel::on_network_packet(Packet& packet) {
    auto pieces = TRY(read_run_network(packet));
    const auto run = pieces.facts.run;
    if (starting_.contains(run)) networks_.insert_or_assign(run, std::move(pieces));
    return {};
}

Status WireChannel::on_host_port_packet(Packet& packet) {
    auto port = TRY(read_host_port(packet));
    const auto at = networks_.find(port.first.run);
    if (at != networks_.end() && at->second.host_ports.size() < wire::kMaxHostPorts)
        at->second.host_ports.push_back(std::move(port));
    return {};
}

template <typename T> Status WireChannel::settle_first(std::deque<Pending<T>*>& waiting, Result<T> answer) {
    if (waiting.empty()) return fail(Code::spawner_unavailable, "an answer to no question");
    auto* const first = waiting.front();
    waiting.pop_front();
    if (first != nullptr) first->settle(std::move(answer));
    return {};
}

template <typename T> Status WireChannel::on_word_packet(Packet& packet, std::deque<Pending<T>*>& waiting) {
    return settle_first<T>(waiting, TRY(packet.as<T>()));
}

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

// Messages that answer nothing.
Status WireChannel::tell(Packet& packet) {
    switch (packet.header().type) {
    case Type::ready: {
        const auto ready = TRY(packet.as<wire::Ready>());
        if (ready_ || ready.version != wire::kVersion)
            return fail(Code::spawner_unavailable, "the spawner is of another version");
        ready_ = true;
        if (on_ready) on_ready(ready);
        return {};
    }
    case Type::accepted: {
        const auto accepted = TRY(packet.as<wire::Accepted>());
        if (packet.fds.size() != 1) return fail(Code::spawner_unavailable, "accepted: wrong number of descriptors");
        if (on_accepted) on_accepted(accepted, std::move(packet.fds[0]));
        return {};
    }
    case Type::connection_gone: {
        const auto gone = TRY(packet.as<wire::ConnectionGone>());
        if (on_connection_gone) on_connection_gone(gone.connection);
        return {};
    }
    case Type::run_ended: {
        const auto run_ended = TRY(packet.as<wire::RunEnded>());
        if (on_run_ended) on_run_ended(run_ended);
        return {};
    }
    case Type::box_ended: {
        const auto box_ended = TRY(packet.as<wire::BoxEnded>());
        if (on_box_ended) on_box_ended(text_of(box_ended.box_key));
        return {};
    }
    default:
        return fail(Code::spawner_unavailable, "a message of an unknown type");
    }
}

void WireChannel::lose(std::string why) {
    if (std::exchange(lost_, true)) return;
    log::error("the spawner is lost", {{"why", why}});
    const auto gone = [] { return fail(Code::spawner_unavailable, "the spawner is gone", "try again in a moment"); };
    for (auto& [number, pending] : std::exchange(resolving_, {})) pending->settle(gone());
    for (auto& [number, pending] : std::exchange(starting_, {})) pending->settle(gone());
    const auto settle_all = [&](auto& waiting) {
        for (auto* pending : std::exchange(waiting, {}))
            if (pending != nullptr) pending->settle(gone());
    };
    settle_all(reopening_);
    settle_all(holding_);
    settle_all(freezing_);
    settle_all(entering_);
    settle_all(opening_);
    networks_.clear();
    queue_.clear();
    if (on_lost) on_lost();
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

} // namespace

std::unique_ptr<SpawnerChannel> SpawnerChannel::make(asio::any_io_executor executor, Fd socket) {
    return std::make_unique<WireChannel>(std::move(executor), std::move(socket));
}

} // namespace owhale::sandbox
