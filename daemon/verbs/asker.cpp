#include "verbs/asker.hpp"

namespace owhale::verbs {

identity::Asker asker_of(const transport::Request& request, std::string verb) {
    return {request.connection->peer, request.who(), std::move(verb), request.proof.text()};
}

audit::Event event_of(const transport::Request& request, audit::EventName event, std::string verb, std::string run) {
    audit::Event out{event, request.who().name, std::move(verb), "pending", std::move(run), {}};
    out.data["peer"] = request.connection->peer.describe();
    out.for_agent = request.who().for_agent;
    if (!request.who().session.empty()) out.data["session"] = request.who().session;
    if (auto proof = request.proof.text(); !proof.empty()) out.data["step_up"] = std::move(proof);
    return out;
}

std::function<bool()> gone_of(const transport::Request& request) {
    return [weak = std::weak_ptr(request.connection)] {
        const auto alive = weak.lock();
        return !alive || !alive->open;
    };
}

std::function<Status()> standing_of(const transport::Request& request, identity::Identity& identity,
                                    identity::Permission permission) {
    return [&identity, permission, peer = request.connection->peer, who = request.who()]() -> Status {
        const auto now = TRY(identity.refresh(peer, who));
        if (now.may(permission, true)) return {};
        return fail(Code::forbidden, who.name + " lost the right to this while it asked",
                    "`owhalectl whoami` tells what is left");
    };
}

transport::Response nothing() {
    transport::Response response;
    response.status = 204;
    return response;
}

} // namespace owhale::verbs
