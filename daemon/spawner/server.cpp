#include "spawner/server.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "spawner/accounts.hpp"
#include "spawner/processes.hpp"

namespace owhale::spawner {
namespace {

constexpr std::int64_t kTickNs = 100'000'000;
constexpr std::int64_t kResolutionTtlNs = 60'000'000'000;
constexpr std::int64_t kWallGraceNs = 2'000'000'000;
constexpr std::uint32_t kBombRefusals = 64; // forks refused between two ticks: a bomb, not a busy build
constexpr std::size_t kMaxResolving = 64;
constexpr std::ptrdiff_t kMaxEndingPerUid = 32;
constexpr std::size_t kMaxResolutions = 4096;
constexpr std::size_t kMaxConnections = 4096;
constexpr unsigned kSourceShift = 56;

std::unexpected<Error> violation(const char* what) {
    return fail(Code::bad_request, what);
}

void copy_text(char* to, std::size_t size, const std::string& text) {
    std::snprintf(to, size, "%s", text.c_str());
}

} // namespace

Server::Server(const Options& options, Surroundings surroundings)
    : options_(options), surroundings_(std::move(surroundings)) {}

Status Server::watch(int fd, Source source, std::uint64_t id, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = static_cast<std::uint64_t>(source) << kSourceShift | id;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_errno("epoll_ctl");
    return {};
}

Status Server::serve() {
    epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_) return fail_errno("epoll_create1");
    // A broker that does not read is a broken one: we wait five seconds for it, then end.
    const timeval patience{5, 0};
    if (::setsockopt(options_.channel, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0)
        return fail_errno("SO_SNDTIMEO");
    CHECK(watch(options_.channel, Source::channel, 0, EPOLLIN));
    CHECK(watch(options_.listener, Source::listener, 0, EPOLLIN));
    auto ready = make<wire::Ready>(wire::Type::ready);
    ready.version = wire::kVersion;
    ready.rootless = options_.rootless ? 1 : 0;
    ready.landlock_abi = static_cast<std::uint32_t>(surroundings_.landlock_abi);
    ready.cgroup = surroundings_.cgroup_base.empty() ? 0 : (surroundings_.controllers & 3) == 3 ? 2 : 1;
    ready.cgroup_controllers = surroundings_.controllers;
    ready.missing = surroundings_.missing;
    ready.reserved_uid = options_.reserved_uid;
    ready.ceiling_memory = options_.max_memory;
    ready.ceiling_pids = options_.max_pids;
    ready.memory_total = surroundings_.memory_total;
    CHECK(send(ready));
    Status status;
    while (status) {
        std::array<epoll_event, 64> events;
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), next_timeout_ms());
        if (count < 0 && errno != EINTR) status = fail_errno("epoll_wait");
        for (int i = 0; i < count && status; ++i)
            status = dispatch(events[static_cast<std::size_t>(i)].data.u64, events[static_cast<std::size_t>(i)].events);
        if (status) status = tick();
    }
    end_everything();
    // The broker's going is the ordinary end; `unreachable` says so.
    if (status.error().code == Code::unreachable) return {};
    return status;
}

Status Server::dispatch(std::uint64_t tag, std::uint32_t events) {
    const auto id = tag & ((std::uint64_t{1} << kSourceShift) - 1);
    switch (static_cast<Source>(tag >> kSourceShift)) {
    case Source::channel: {
        auto packet = receive(options_.channel, 1, MSG_DONTWAIT);
        if (!packet && packet.error().errnum == EAGAIN) return {};
        if (!packet && packet.error().errnum != ECONNRESET) return std::unexpected(packet.error());
        if (!packet || packet->size == 0) return fail(Code::unreachable, "the broker is gone");
        return handle_packet(*packet);
    }
    case Source::listener:
        return accept_all();
    case Source::connection:
        return (events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0 ? connection_gone(id) : Status{};
    case Source::resolve:
        return resolve_answered(id);
    case Source::setup:
        return setup_readable(id);
    case Source::warden:
        return warden_ended(id);
    }
    return {};
}

Status Server::handle_packet(Packet& packet) {
    struct Row {
        wire::Type type;
        Status (Server::*handler)(Packet&);
    };
    static constexpr std::array kRows = {
        Row{wire::Type::close_connection, &Server::on_close_connection},
        Row{wire::Type::resolve, &Server::on_resolve},
        Row{wire::Type::drop_resolution, &Server::on_drop_resolution},
        Row{wire::Type::run, &Server::on_run},
        Row{wire::Type::signal_run, &Server::on_signal},
        Row{wire::Type::kill_run, &Server::on_kill},
        Row{wire::Type::reset_box, &Server::on_reset_box},
    };
    const auto header = packet.header();
    if (header.size != packet.size) return violation("a packet whose size is not what it says");
    for (const auto& row : kRows)
        if (row.type == header.type) return (this->*row.handler)(packet);
    return violation("an unknown message");
}

// --- connections ---

// Until a connection ends, the others wait in the kernel's queue.
Status Server::pause_listening() {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, options_.listener, nullptr);
    listening_ = false;
    return {};
}

Status Server::accept_all() {
    if (connections_.size() >= kMaxConnections) return pause_listening();
    const auto number = connections_.accept(options_.listener);
    if (!number && (number.error().errnum == EMFILE || number.error().errnum == ENFILE)) return pause_listening();
    if (!number) return {}; // it hung up before we looked: the next one may do
    const auto* connection = connections_.find(*number);
    CHECK(watch(connection->socket.get(), Source::connection, *number, EPOLLRDHUP));
    auto message = make<wire::Accepted>(wire::Type::accepted);
    message.connection = *number;
    message.kind = wire::PeerKind::local;
    message.uid = connection->identity.uid;
    message.gid = connection->identity.gid;
    message.pid = connection->pid;
    const std::array<int, 1> fds{connection->socket.get()};
    return send(message, fds);
}

Status Server::connection_gone(std::uint64_t number) {
    if (connections_.find(number) == nullptr) return {};
    connections_.close(number);
    if (!listening_) {
        CHECK(watch(options_.listener, Source::listener, 0, EPOLLIN));
        listening_ = true;
    }
    auto message = make<wire::ConnectionGone>(wire::Type::connection_gone);
    message.connection = number;
    return send(message);
}

Status Server::on_close_connection(Packet& packet) {
    const auto message = TRY(packet.as<wire::CloseConnection>(0));
    connections_.close(message.connection);
    if (listening_) return {};
    listening_ = true;
    return watch(options_.listener, Source::listener, 0, EPOLLIN);
}

// --- resolve ---

Result<Identity> Server::identity_for(Question& question) {
    const auto* connection = connections_.find(question.connection);
    if (connection == nullptr) return fail_errno("connection", ENOTCONN);
    auto identity = connection->identity;
    if (options_.rootless && identity.uid != ::getuid()) return fail_errno("user", EPERM);
    if (!question.user.empty()) {
        const auto account = find_account(question.user);
        if (identity.uid != 0) return fail_errno("user", EPERM);
        if (!account) return fail_errno("user", ENOENT);
        identity = make_identity(account->uid, account->gid, groups_of(account->name));
    }
    const auto account = find_account(identity.uid);
    if (account) {
        question.home = account->home;
        question.user = account->name;
    } else {
        question.user = "uid" + std::to_string(identity.uid);
    }
    const bool root = identity.uid == 0;
    question.run_uid = root ? options_.reserved_uid : identity.uid;
    question.run_gid = root || identity.gid == 0 ? options_.reserved_uid : identity.gid;
    question.drop_groups = !options_.rootless;
    return identity;
}

Status Server::refuse_resolve(const wire::Resolve& message, const char* step, int err) {
    auto facts = make<wire::Resolved>(wire::Type::resolved);
    facts.resolution = message.resolution;
    facts.err = err;
    copy_text(facts.step, sizeof facts.step, step);
    facts.scan = (message.flags & wire::kResolveScan) != 0 ? 1 : 0;
    const auto blob = TRY(wire::write_blob(wire::Blob(facts.scan != 0 ? 4 : 3)));
    const std::array<int, 1> fds{blob.get()};
    return send(facts, fds);
}

Status Server::on_resolve(Packet& packet) {
    const auto message = TRY(packet.as<wire::Resolve>(1));
    const bool scan = (message.flags & wire::kResolveScan) != 0;
    const auto blob = TRY(wire::read_blob(packet.fds[0].get(), scan ? 3 : 2));
    auto question = TRY(read_question(message, blob));
    if (resolving_.contains(message.resolution) || resolutions_.contains(message.resolution))
        return violation("a resolution's number is used twice");
    if (resolving_.size() >= kMaxResolving || resolutions_.size() >= kMaxResolutions)
        return refuse_resolve(message, "child", EAGAIN);
    const auto* asker = connections_.find(question.connection);
    if (asker != nullptr && std::ranges::count(ending_, asker->identity.uid, &Ending::uid) >= kMaxEndingPerUid)
        return refuse_resolve(message, "child", EAGAIN); // they hang in a mount that does not answer
    auto identity = identity_for(question);
    if (!identity) return refuse_resolve(message, identity.error().message.c_str(), identity.error().errnum);
    question.identity = std::move(*identity);
    auto child = start_resolve(std::move(question));
    if (!child) return refuse_resolve(message, "child", child.error().errnum);
    CHECK(watch(child->socket.get(), Source::resolve, message.resolution, EPOLLIN));
    resolving_.emplace(message.resolution, std::move(*child));
    return {};
}

Status Server::send_answer(Answer& answer) {
    std::vector<int> fds{answer.blob.get()};
    for (const auto& fd : answer.for_broker) fds.push_back(fd.get());
    return send(answer.facts, fds);
}

Status Server::resolve_answered(std::uint64_t number) {
    const auto at = resolving_.find(number);
    if (at == resolving_.end()) return {};
    auto child = std::move(at->second);
    resolving_.erase(at);
    auto answer = finish_resolve(child);
    ending_.push_back({std::move(child.pidfd), child.question.identity.uid});
    if (!answer) {
        wire::Resolve message{};
        message.resolution = number;
        message.flags = child.question.scan ? wire::kResolveScan : 0u;
        const bool late = monotonic_ns() >= child.deadline_ns;
        return refuse_resolve(message, late ? "deadline" : "child", late ? ETIMEDOUT : EIO);
    }
    CHECK(send_answer(*answer));
    if (answer->facts.err == 0) resolutions_.emplace(number, std::move(answer->resolution));
    return {};
}

Status Server::on_drop_resolution(Packet& packet) {
    resolutions_.erase(TRY(packet.as<wire::DropResolution>(0)).resolution);
    return {};
}

// --- runs ---

Result<Run*> Server::find_join(const wire::Run& message, const Resolution& resolution) {
    if (message.join == 0) return nullptr;
    const auto at = runs_.find(message.join);
    if (at == runs_.end() || at->second->phase != Phase::running || at->second->joined != 0)
        return fail(Code::not_found, "the run to join is not running");
    auto& run = *at->second;
    if (run.owner != resolution.identity.uid || run.uid != resolution.facts.uid)
        return fail(Code::forbidden, "the run to join is another's");
    return &run;
}

Result<std::unique_ptr<Run>> Server::try_start(const wire::Run& message, const wire::Blob& blob) {
    const auto found = resolutions_.find(message.resolution);
    if (found == resolutions_.end()) return fail(Code::forbidden, "the run refers to nothing that was resolved");
    auto resolution = std::move(found->second);
    resolutions_.erase(found);
    if (runs_.size() >= options_.max_runs) return fail(Code::busy, "too many runs at a time");
    auto* join = TRY(find_join(message, resolution));
    const Grounds grounds{options_,
                          surroundings_.filters,
                          surroundings_.system_paths,
                          surroundings_.idmap_userns.get(),
                          surroundings_.landlock_abi,
                          surroundings_.controllers,
                          surroundings_.memory_total};
    auto admitted = TRY(admit(message, blob, resolution, grounds));
    auto& plan = *admitted.plan;
#ifdef OWHALE_FAULTS
    if (const char* name = ::getenv("OWHALE_FAIL_STEP"))
        for (int i = 0; i < kSteps; ++i)
            if (std::string_view(name) == name_of(static_cast<Step>(i))) plan.fail_step = static_cast<std::uint32_t>(i);
#endif
    std::string key;
    if (join != nullptr) {
        plan.net_host = join->plan->net_host;
        plan.filter = join->plan->filter;
        plan.scope_abstract = join->plan->scope_abstract;
        for (const auto& op : join->plan->mounts)
            if (op.landlock_write) {
                MountOp copy;
                copy.kind = op.kind;
                copy.target = op.target;
                copy.is_file = op.is_file;
                copy.landlock_write = true;
                plan.mounts.push_back(std::move(copy));
            }
    } else if ((message.flags & wire::kRunKeepBox) != 0) {
        key.assign(message.box_key, ::strnlen(message.box_key, sizeof message.box_key));
        plan.box = TRY(boxes_.acquire(key, plan.uid, plan.gid, message.box_bytes));
    }
    auto run = start_run(std::move(admitted), message, join, surroundings_.cgroup_base, surroundings_.controllers);
    if (!run) {
        boxes_.release(key);
        return run;
    }
    (*run)->box = key;
    (*run)->owner = resolution.identity.uid;
    (*run)->joined = message.join;
    return run;
}

Status Server::on_run(Packet& packet) {
    const auto message = TRY(packet.as<wire::Run>(1));
    auto blob = TRY(wire::read_blob(packet.fds[0].get(), 4));
    if (message.run == 0 || message.run >> kSourceShift != 0 || runs_.contains(message.run))
        return violation("a run's number is used twice or too large");
    auto run = try_start(message, blob);
    if (!run) {
        if (run.error().code == Code::bad_request) return std::unexpected(run.error());
        return tell_failed(message, run.error());
    }
    auto& live = **run;
    runs_.emplace(message.run, std::move(*run));
    CHECK(watch(live.setup.get(), Source::setup, message.run, EPOLLIN));
    return watch(live.warden.get(), Source::warden, message.run, EPOLLIN);
}

Status Server::tell_failed(const wire::Run& message, const Error& error) {
    auto failed = make<wire::RunFailed>(wire::Type::run_failed);
    failed.run = message.run;
    failed.err = error.errnum != 0                        ? error.errnum
                 : error.code == Code::busy               ? EAGAIN
                 : error.code == Code::not_found          ? ESRCH
                 : error.code == Code::limit_over_ceiling ? ERANGE
                 : error.code == Code::net_host_denied    ? EACCES
                                                          : EPERM;
    copy_text(failed.step, sizeof failed.step, error.step.empty() ? "admit" : error.step);
    copy_text(failed.detail, sizeof failed.detail, std::string(describe(error.code).name) + ": " + error.message);
    return send(failed);
}

Status Server::tell_started(Run& run) {
    run.phase = Phase::running;
    const auto base = static_cast<std::uint64_t>(run.began_ns);
    // Sixteen slots for the steps that a reader cares about: from `system` on, each a time since the Run message.
    for (int i = 0; i < 16; ++i) {
        const auto at = run.last.step_ns[i + kSteps - 16];
        run.started.step_ns[i] = at > base ? at - base : 0;
    }
    std::vector<int> fds;
    if (run.tty) {
        fds.push_back(run.master.get());
    } else {
        if (run.wants_stdin) fds.push_back(run.in.get());
        fds.push_back(run.out.get());
        fds.push_back(run.err.get());
    }
    const auto sent = send(run.started, fds);
    run.in.reset();
    run.out.reset();
    run.err.reset();
    run.master.reset();
    run.setup.reset();
    return sent;
}

Status Server::setup_readable(std::uint64_t number) {
    const auto at = runs_.find(number);
    if (at == runs_.end() || !at->second->setup) return {};
    auto& run = *at->second;
    auto packet = receive(run.setup.get(), 8, MSG_DONTWAIT);
    // A child that ended without reading our go leaves this error in front of its last words.
    if (!packet && packet.error().errnum == ECONNRESET) packet = receive(run.setup.get(), 8, MSG_DONTWAIT);
    if (!packet && packet.error().errnum == EAGAIN) return {};
    if (!packet || packet->size == 0) {
        // End of file: the exec closed it, or the child is gone and the warden's end will say so.
        if (packet && !run.failed && run.last.kind == Message::started && (!run.tty || run.master))
            return tell_started(run);
        run.failed = true;
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, run.setup.get(), nullptr);
        kill_run(run, wire::EndReason::none);
        return {};
    }
    if (run.failed || packet->size != sizeof(Message)) return {};
    std::memcpy(&run.last, packet->bytes.data(), sizeof run.last);
    if (run.last.kind == Message::namespaces)
        run.namespaces = std::move(packet->fds);
    else if (run.last.kind == Message::terminal && packet->fds.size() == 1)
        run.master = std::move(packet->fds[0]);
    else if (run.last.kind == Message::failure)
        run.failed = true;
    return {};
}

Status Server::tell_ended(Run& run) {
    siginfo_t info{};
    rusage usage{};
    ::syscall(SYS_waitid, P_PIDFD, run.warden.get(), &info, WEXITED, &usage);
    auto ended = make<wire::RunEnded>(wire::Type::run_ended);
    ended.run = run.number;
    int status = 0;
    pollfd has{run.report.get(), POLLIN, 0};
    const bool reported = ::poll(&has, 1, 0) > 0 && (has.revents & POLLIN) != 0 &&
                          ::read(run.report.get(), &status, sizeof status) == sizeof status;
    if (reported && WIFEXITED(status))
        ended.exit_code = WEXITSTATUS(status);
    else
        ended.exit_code = -1, ended.signal = reported ? WTERMSIG(status) : SIGKILL;
    const auto cgroup = run.cgroup ? run.cgroup.usage() : CgroupUsage{};
    ended.oom_kills = cgroup.oom_kills;
    ended.pids_refused = cgroup.pids_refused;
    ended.reason = run.reason;
    if (run.reason == wire::EndReason::none && cgroup.oom_kills != 0 && ended.exit_code < 0)
        ended.reason = wire::EndReason::memory;
    if (run.reason == wire::EndReason::none && ended.signal == SIGXFSZ) ended.reason = wire::EndReason::file_size;
    ended.wall_ns = static_cast<std::uint64_t>(monotonic_ns() - run.began_ns);
    ended.user_us = static_cast<std::uint64_t>(usage.ru_utime.tv_sec) * 1'000'000 +
                    static_cast<std::uint64_t>(usage.ru_utime.tv_usec);
    ended.system_us = static_cast<std::uint64_t>(usage.ru_stime.tv_sec) * 1'000'000 +
                      static_cast<std::uint64_t>(usage.ru_stime.tv_usec);
    ended.memory_peak = std::max({cgroup.memory_peak, run.sampled_peak,
                                  cgroup.memory_peak == 0 ? static_cast<std::uint64_t>(usage.ru_maxrss) * 1024 : 0});
    ended.pids_peak = std::max(cgroup.pids_peak, run.sampled_pids);
    return send(ended);
}

Status Server::warden_ended(std::uint64_t number) {
    const auto at = runs_.find(number);
    if (at == runs_.end()) return {};
    auto& run = *at->second;
    // What it said before it ended is still in its socket.
    for (int i = 0; i < 8 && run.setup && run.phase == Phase::starting; ++i) CHECK(setup_readable(number));
    Status told;
    if (run.phase == Phase::running) {
        told = tell_ended(run);
    } else {
        siginfo_t info{};
        ::waitid(P_PIDFD, static_cast<id_t>(run.warden.get()), &info, WEXITED);
        auto failed = make<wire::RunFailed>(wire::Type::run_failed);
        failed.run = run.number;
        failed.err = run.last.kind == Message::failure ? run.last.err : ECHILD;
        const bool named = run.last.kind == Message::failure;
        copy_text(failed.step, sizeof failed.step, named ? name_of(static_cast<Step>(run.last.step)) : "child");
        copy_text(failed.detail, sizeof failed.detail,
                  named ? std::string(run.last.detail, ::strnlen(run.last.detail, sizeof run.last.detail))
                        : "the jail's process ended");
        told = send(failed);
    }
    retire(run);
    runs_.erase(number);
    return told;
}

void Server::retire(Run& run) {
    boxes_.release(run.box);
    if (!run.cgroup) return;
    run.cgroup.kill(); // whoever joined it
    if (!run.cgroup.remove()) leftover_cgroups_.push_back(std::move(run.cgroup));
}

Status Server::on_signal(Packet& packet) {
    const auto message = TRY(packet.as<wire::SignalRun>(0));
    if (message.signal < 1 || message.signal > 64) return violation("a signal's number");
    const auto at = runs_.find(message.run);
    if (at == runs_.end() || at->second->phase != Phase::running) return {};
    if (message.signal == SIGKILL)
        kill_run(*at->second, wire::EndReason::none);
    else
        send_signal(at->second->warden.get(), message.signal);
    return {};
}

Status Server::on_kill(Packet& packet) {
    const auto message = TRY(packet.as<wire::KillRun>(0));
    const auto at = runs_.find(message.run);
    if (at == runs_.end()) return {};
    auto& run = *at->second;
    if (message.grace_ms == 0 || run.phase == Phase::starting) {
        kill_run(run, message.reason);
        return {};
    }
    if (run.reason == wire::EndReason::none) run.reason = message.reason;
    send_signal(run.warden.get(), SIGTERM);
    run.kill_deadline_ns = monotonic_ns() + static_cast<std::int64_t>(message.grace_ms) * 1'000'000;
    return {};
}

Status Server::on_reset_box(Packet& packet) {
    const auto message = TRY(packet.as<wire::ResetBox>(0));
    const std::string key(message.box_key, ::strnlen(message.box_key, sizeof message.box_key));
    if (!boxes_.reset(key, message.uid)) return {};
    auto ended = make<wire::BoxEnded>(wire::Type::box_ended);
    copy_text(ended.box_key, sizeof ended.box_key, key);
    return send(ended);
}

// --- time ---

int Server::next_timeout_ms() const {
    std::int64_t next = next_expiry_ns_ != 0 ? next_expiry_ns_ : monotonic_ns() + 60'000'000'000;
    if (!runs_.empty() || !leftover_cgroups_.empty() || !ending_.empty()) next = std::min(next, next_tick_ns_);
    for (const auto& [number, child] : resolving_) next = std::min(next, child.deadline_ns);
    return static_cast<int>(std::clamp<std::int64_t>((next - monotonic_ns()) / 1'000'000 + 1, 0, 60'000));
}

void Server::watch_limits(Run& run) {
    const auto now = monotonic_ns();
    if (run.kill_deadline_ns != 0 && now >= run.kill_deadline_ns) kill_run(run, run.reason);
    if (run.wall_deadline_ns != 0 && now >= run.wall_deadline_ns && run.kill_deadline_ns == 0) {
        run.wall_deadline_ns = 0;
        run.reason = wire::EndReason::wall;
        send_signal(run.warden.get(), SIGTERM);
        run.kill_deadline_ns = now + kWallGraceNs;
    }
    if (run.phase != Phase::running || run.joined != 0) return;
    const auto controllers = run.cgroup ? surroundings_.controllers : 0;
    if ((controllers & 3) != 3) {
        const auto pids = members(run);
        const auto resident = resident_bytes(pids);
        run.sampled_peak = std::max(run.sampled_peak, resident);
        run.sampled_pids = std::max<std::uint64_t>(run.sampled_pids, pids.size());
        if ((controllers & 1) == 0 && resident > run.limits.memory) kill_run(run, wire::EndReason::memory);
        if ((controllers & 2) == 0 && pids.size() >= run.limits.pids) kill_run(run, wire::EndReason::pids);
    }
    if ((controllers & 2) != 0) {
        const auto refused = run.cgroup.usage().pids_refused;
        if (refused - run.pids_refused > kBombRefusals) kill_run(run, wire::EndReason::pids);
        run.pids_refused = refused;
    }
}

Status Server::tick() {
    const auto now = monotonic_ns();
    // Answered without waiting for the child's end, which a FUSE server that took a request can put off for ever.
    std::vector<std::uint64_t> late;
    for (const auto& [number, child] : resolving_)
        if (now >= child.deadline_ns) late.push_back(number);
    for (const auto number : late) CHECK(resolve_answered(number));
    std::erase_if(ending_, [](const Ending& child) {
        siginfo_t info{};
        return ::waitid(P_PIDFD, static_cast<id_t>(child.pidfd.get()), &info, WEXITED | WNOHANG) != 0 ||
               info.si_pid != 0;
    });
    if (now >= next_tick_ns_) {
        next_tick_ns_ = now + kTickNs;
        for (auto& [number, run] : runs_) watch_limits(*run);
        std::erase_if(leftover_cgroups_, [](const Cgroup& cgroup) { return cgroup.remove(); });
    }
    if (now < next_expiry_ns_) return {};
    next_expiry_ns_ = now + 10'000'000'000;
    std::erase_if(resolutions_, [now](const auto& entry) { return now - entry.second.answered_ns > kResolutionTtlNs; });
    Status status;
    boxes_.expire(options_.box_idle_s, [&](const std::string& key) {
        auto ended = make<wire::BoxEnded>(wire::Type::box_ended);
        copy_text(ended.box_key, sizeof ended.box_key, key);
        if (status) status = send(ended);
    });
    return status;
}

void Server::end_everything() {
    for (auto& [number, run] : runs_) kill_run(*run, wire::EndReason::spawner);
    for (auto& [number, run] : runs_) {
        // Not for ever: what hangs in a mount dies with it, and the supervisor's cgroup.kill comes after us.
        pollfd end{run->warden.get(), POLLIN, 0};
        ::poll(&end, 1, 1000);
        if (!run->cgroup) continue;
        for (int i = 0; i < 100 && !run->cgroup.remove(); ++i) ::usleep(10'000);
    }
    for (auto& [number, child] : resolving_) send_signal(child.pidfd.get(), SIGKILL);
}

} // namespace owhale::spawner
