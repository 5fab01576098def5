#include "identity/kernel.hpp"

namespace owhale::identity {

Principal KernelIdentity::of_peer(const Peer& peer) {
    Principal principal;
    if (peer.kind != Peer::Kind::local || peer.run != 0) return principal;
    principal.kind = Kind::unix_uid;
    principal.name = "unix:" + std::to_string(peer.uid);
    principal.why = "the kernel's credentials of this Unix connection";
    principal.uid = peer.uid;
    principal.gid = peer.gid;
    grant(principal, peer.uid == 0 ? kAgent | kAuditor : kAgent);
    return principal;
}

Result<Principal> KernelIdentity::of_token(const Peer&, std::string_view) {
    return fail(Code::unauthenticated, "there are no tokens here");
}

boost::asio::awaitable<Status> KernelIdentity::prove(const Peer&, const Principal& who, std::string) {
    co_return fail(Code::step_up_required, who.name + " has no account");
}

bool KernelIdentity::stands_above(const Peer& peer, const Principal& who) const {
    return peer.kind == Peer::Kind::local && peer.run == 0 && who.kind == Kind::unix_uid && who.uid == 0;
}

} // namespace owhale::identity
