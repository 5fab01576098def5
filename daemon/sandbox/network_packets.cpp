#include "sandbox/network_packets.hpp"

#include <bit>
#include <cerrno>

namespace owhale::sandbox {
namespace {

template <typename T> Result<T> with_fds(const Packet& packet, const char* name, auto expected) {
    const auto message = TRY(packet.as<T>());
    if (packet.fds.size() != expected(message))
        return fail(Code::spawner_unavailable, std::string(name) + ": wrong number of descriptors");
    return message;
}

std::unexpected<Error> refused(int errnum) {
    switch (errnum) {
    case ESRCH:
        return fail(Code::not_found, "the run has ended", "see owhalectl runs ls");
    case EINVAL:
        return fail(Code::invalid_value, "the run has no network of its own",
                    "start it with --net scoped: ports of a run with the host's network are there already");
    case EADDRINUSE:
        return fail(Code::port_in_use, "something on this machine listens on that port already",
                    "choose another one, or 0 for one that is free");
    case EACCES:
        return fail(Code::forbidden, "that address or port may not be published",
                    "use 127.0.0.1 or [::1] and a port of 1024 or more; `publish any` in spawner.conf permits other "
                    "addresses, and ports below 1024 are for uid 0");
    case EMFILE:
        return fail(Code::busy, "a run publishes 16 ports at most", "end the run, or use a port that is published");
    default:
        return fail_errno("the port", errnum);
    }
}

} // namespace

Result<RunPieces> read_run_network(Packet& packet) {
    RunPieces pieces;
    pieces.facts = TRY(with_fds<wire::RunNetwork>(packet, "run_network", [](const wire::RunNetwork& m) {
        return static_cast<std::size_t>(std::popcount(m.have));
    }));
    if ((pieces.facts.have >> wire::kPieces) != 0) return fail(Code::spawner_unavailable, "run_network: unknown piece");
    pieces.pieces = std::move(packet.fds);
    return pieces;
}

Result<std::pair<wire::RunHostPort, std::vector<Fd>>> read_host_port(Packet& packet) {
    const auto facts = TRY(with_fds<wire::RunHostPort>(
        packet, "run_host_port", [](const wire::RunHostPort& m) { return std::size_t{m.listeners}; }));
    return std::pair(facts, std::move(packet.fds));
}

Result<Result<std::vector<Fd>>> read_inner_sockets(Packet& packet) {
    const auto made = TRY(with_fds<wire::InnerSocketsMade>(
        packet, "inner_sockets_made", [](const auto& m) { return m.err == 0 ? std::size_t{m.count} : 0; }));
    if (made.err != 0) return Result<std::vector<Fd>>(refused(made.err));
    return Result<std::vector<Fd>>(std::move(packet.fds));
}

Result<Result<OpenedPort>> read_opened_port(Packet& packet) {
    const auto opened = TRY(with_fds<wire::PortOpened>(
        packet, "port_opened", [](const auto& m) { return std::size_t{m.err == 0 ? 1u : 0u}; }));
    if (opened.err != 0) return Result<OpenedPort>(refused(opened.err));
    return Result<OpenedPort>(OpenedPort{std::move(packet.fds[0]), opened.port});
}

} // namespace owhale::sandbox
