#include "spawner/server.hpp"

#include <algorithm>
#include <array>

#include "base/clock.hpp"
#include "spawner/files.hpp"
#include "spawner/narrow.hpp"

namespace owhale::spawner {
namespace {

constexpr std::int64_t kTickNs = 100'000'000;
constexpr std::int64_t kExpiryNs = 10'000'000'000;
constexpr std::int64_t kLongestNs = 60'000'000'000;

} // namespace

Server::Server(const Options& options, Surroundings surroundings, Heads heads)
    : options_(options), surroundings_(std::move(surroundings)), heads_(std::move(heads)), loop_(options.channel),
      acceptor_(loop_, options, surroundings_), resolutions_(loop_, options, acceptor_.connections()),
      pool_(loop_, options, surroundings_), runs_(loop_, options, surroundings_, resolutions_, acceptor_, pool_) {}

Status Server::send_ready() {
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
    ready.account_uids = options_.rootless ? 0 : options_.reserved_uid;
    ready.accounts_max = wire::kAccountsMax;
    copy_text(ready.accounts_dir, sizeof ready.accounts_dir, options_.accounts_dir);
    ready.tcp_port = surroundings_.tcp_port;
    const auto& network = surroundings_.network.made;
    ready.net_have = network.have;
    ready.net_by_tproxy = network.by_tproxy;
    std::ranges::copy(network.err, ready.net_err);
    ready.heads = heads_.found();
    return loop_.send(ready);
}

Status Server::serve() {
    resolutions_.seen_by = [this](std::uint64_t run, const std::string& path) {
        const auto* asker = runs_.find(run);
        return asker != nullptr && sees(*asker->plan, path, surroundings_.system_paths);
    };
    resolutions_.named_by = [this](std::uint64_t run, const std::string& path) {
        const auto* asker = runs_.find(run);
        return asker != nullptr && names(*asker->plan, path, surroundings_.system_names);
    };
    CHECK(loop_.open());
    CHECK(pool_.open()); // before anybody is served: what it copies has seen nothing yet
    CHECK(acceptor_.open());
    CHECK(send_ready());
    Status status;
    while (status) status = turn();
    runs_.end_all();
    resolutions_.end_all();
    pool_.end_all();
    // The broker's going is the ordinary end; `unreachable` says so.
    if (status.error().code == Code::unreachable) return {};
    return status;
}

Status Server::turn() {
    for (const auto& event : TRY(loop_.wait(next_timeout_ms()))) CHECK(dispatch(event));
    return tick();
}

Status Server::dispatch(const Loop::Event& event) {
    switch (event.source) {
    case Source::channel: {
        auto packet = loop_.next_packet();
        if (!packet && packet.error().errnum == EAGAIN) return {};
        if (!packet) return std::unexpected(packet.error());
        return handle_packet(*packet);
    }
    case Source::listener:
        return acceptor_.accept_local();
    case Source::tcp_listener:
        return acceptor_.accept_tcp(runs_);
    case Source::run_listener:
        return acceptor_.accept_of_run(event.id);
    case Source::connection:
        return (event.events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0 ? acceptor_.hung_up(event.id) : Status{};
    case Source::resolve:
        return resolutions_.answered(event.id);
    case Source::setup:
        return runs_.setup_readable(event.id);
    case Source::report:
        return runs_.reported(event.id);
    case Source::warden:
        return runs_.warden_ended(event.id);
    case Source::jailer:
        return pool_.jailer_answered();
    case Source::prepared:
        return pool_.jail_spoke(event.id);
    case Source::pinning:
        return runs_.pinning_ended(event.id);
    }
    return {};
}

Status Server::handle_packet(Packet& packet) {
    struct Row {
        wire::Type type;
        Status (*handler)(Server&, Packet&);
    };
    static constexpr std::array kRows = {
        Row{wire::Type::close_connection, [](Server& s, Packet& p) { return s.acceptor_.on_close(p); }},
        Row{wire::Type::resolve, [](Server& s, Packet& p) { return s.resolutions_.on_resolve(p); }},
        Row{wire::Type::drop_resolution, [](Server& s, Packet& p) { return s.resolutions_.on_drop(p); }},
        Row{wire::Type::run, [](Server& s, Packet& p) { return s.runs_.on_run(p); }},
        Row{wire::Type::go_run, [](Server& s, Packet& p) { return s.runs_.on_go(p); }},
        Row{wire::Type::signal_run, [](Server& s, Packet& p) { return s.runs_.on_signal(p); }},
        Row{wire::Type::kill_run, [](Server& s, Packet& p) { return s.runs_.on_kill(p); }},
        Row{wire::Type::reset_box, [](Server& s, Packet& p) { return s.runs_.on_reset_box(p); }},
        Row{wire::Type::hold_connection, [](Server& s, Packet& p) { return s.acceptor_.on_hold(p); }},
        Row{wire::Type::release_connection, [](Server& s, Packet& p) { return s.acceptor_.on_release(p); }},
        Row{wire::Type::freeze_run, [](Server& s, Packet& p) { return s.runs_.on_freeze(p); }},
        Row{wire::Type::inner_sockets, [](Server& s, Packet& p) { return s.runs_.on_inner_sockets(p); }},
        Row{wire::Type::open_port, [](Server& s, Packet& p) { return s.runs_.on_open_port(p); }},
        Row{wire::Type::reopen, [](Server& s, Packet& p) { return s.on_reopen(p); }},
        Row{wire::Type::audit_head, [](Server& s, Packet& p) { return s.on_audit_head(p); }},
    };
    const auto header = packet.header();
    if (header.size != packet.size) return violation("a packet whose size is not what it says");
    for (const auto& row : kRows)
        if (row.type == header.type) return row.handler(*this, packet);
    return violation("an unknown message");
}

Status Server::on_reopen(Packet& packet) {
    TRY(packet.as<wire::Reopen>(0));
    pool_.drain();
    auto opened = open_files(options_.files, options_.rootless);
    std::vector<int> fds;
    for (const auto& fd : opened.fds) fds.push_back(fd.get());
    return loop_.send(opened.message, fds);
}

Status Server::on_audit_head(Packet& packet) {
    const auto head = TRY(packet.as<wire::AuditHead>(0));
    auto kept = make<wire::AuditHeadKept>(wire::Type::audit_head_kept);
    kept.size = head.size;
    kept.err = heads_.keep(head);
    return loop_.send(kept);
}

int Server::next_timeout_ms() const {
    const auto now = monotonic_ns();
    auto next = next_expiry_ns_ != 0 ? next_expiry_ns_ : now + kLongestNs;
    if (runs_.ticking() || resolutions_.reaping()) next = std::min(next, next_tick_ns_);
    next = pool_.next_deadline(resolutions_.next_deadline(next));
    return static_cast<int>(std::clamp<std::int64_t>((next - now) / 1'000'000 + 1, 0, kLongestNs / 1'000'000));
}

Status Server::tick() {
    const auto now = monotonic_ns();
    CHECK(resolutions_.tick(now));
    pool_.tick(now);
    if (now >= next_tick_ns_) {
        next_tick_ns_ = now + kTickNs;
        runs_.tick();
    }
    if (now < next_expiry_ns_) return {};
    next_expiry_ns_ = now + kExpiryNs;
    resolutions_.expire(now);
    CHECK(acceptor_.tick());
    return runs_.expire();
}

} // namespace owhale::spawner
