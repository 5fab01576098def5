#include "verbs/asker.hpp"

namespace owhale::verbs {

identity::Asker asker_of(const transport::Request& request, std::string verb) {
    return {request.connection->peer, request.who(), std::move(verb), request.proof.text()};
}

std::function<bool()> gone_of(const transport::Request& request) {
    return [weak = std::weak_ptr(request.connection)] {
        const auto alive = weak.lock();
        return !alive || !alive->open;
    };
}

transport::Response nothing() {
    transport::Response response;
    response.status = 204;
    return response;
}

} // namespace owhale::verbs
