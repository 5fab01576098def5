// What the broker may ask of a live run's ports: sockets inside, listeners outside. No copy of either stays here.
#include <algorithm>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>

#include "spawner/host_listener.hpp"
#include "spawner/inner_sockets.hpp"
#include "spawner/run_table.hpp"

namespace owhale::spawner {
namespace {

constexpr std::size_t kMaxPublished = 16, kMaxPublishedByAll = 1024; // by one run in its life; by those that live
constexpr std::uint16_t kFirstOrdinaryPort = 1024;

} // namespace

// Whose network it is in: what entered a cage has that cage's.
int RunTable::find_network(std::uint64_t number, Run*& cage) const {
    auto at = runs_.find(number);
    if (at == runs_.end() || at->second->phase != Phase::running) return ESRCH;
    if (at->second->joined != 0) at = runs_.find(at->second->joined);
    if (at == runs_.end() || at->second->phase != Phase::running) return ESRCH;
    cage = at->second.get();
    if (cage->plan->net_host || cage->namespaces.size() <= kNetworkNamespace) return EINVAL;
    return 0;
}

Status RunTable::on_inner_sockets(Packet& packet) {
    const auto message = TRY(packet.as<wire::InnerSockets>(0));
    if (message.count == 0 || message.count > wire::kMaxInner ||
        (message.family != AF_INET && message.family != AF_INET6))
        return violation("how many inner sockets, or of which family");
    auto answer = make<wire::InnerSocketsMade>(wire::Type::inner_sockets_made);
    answer.run = message.run;
    Run* cage = nullptr;
    std::vector<Fd> made;
    answer.err = find_network(message.run, cage);
    if (answer.err == 0)
        answer.err = make_inner_sockets(cage->namespaces[kNetworkNamespace].get(), static_cast<int>(message.family),
                                        message.count, made);
    std::vector<int> fds;
    for (const auto& fd : made) fds.push_back(fd.get());
    answer.count = static_cast<std::uint32_t>(fds.size());
    return loop_.send(answer, fds);
}

int RunTable::may_publish(const wire::OpenPort& message, const Run& run) const {
    PortAddress address;
    std::ranges::copy(message.address, address.begin());
    if (!options_.publish_any && !is_loopback(address)) return EACCES;
    const bool low = message.port != 0 && message.port < kFirstOrdinaryPort;
    if (low && run.rights.identity.uid != 0) return EACCES;
    if (message.port != 0 && message.port == surroundings_.tcp_port) return EACCES;
    std::size_t of_all = 0;
    for (const auto& [number, other] : runs_) of_all += other->published;
    return run.published >= kMaxPublished || of_all >= kMaxPublishedByAll ? EMFILE : 0;
}

Status RunTable::on_open_port(Packet& packet) {
    const auto message = TRY(packet.as<wire::OpenPort>(0));
    auto answer = make<wire::PortOpened>(wire::Type::port_opened);
    answer.run = message.run;
    answer.port = message.port;
    Run* run = nullptr;
    Fd listener;
    answer.err = find_network(message.run, run);
    if (answer.err == 0) answer.err = may_publish(message, *run);
    PortAddress address;
    std::ranges::copy(message.address, address.begin());
    if (answer.err == 0) answer.err = listen_on_host(address, answer.port, listener);
    if (answer.err != 0) return loop_.send(answer);
    ++run->published;
    const std::array<int, 1> fds{listener.get()};
    return loop_.send(answer, fds);
}

} // namespace owhale::spawner
