// A client's connection: one exchange after the other, until either side ends it.
#include <boost/asio/this_coro.hpp>

#include "egress/http/session.hpp"

namespace owhale::egress {

using namespace http;

boost::asio::awaitable<void> serve_http(std::unique_ptr<Stream> client, std::shared_ptr<Gate> gate, Front front,
                                        HttpDeadlines deadlines) {
    const auto executor = co_await boost::asio::this_coro::executor;
    std::shared_ptr<Stream> shared = std::move(client);
    const auto session = std::make_shared<Session>(shared, std::move(gate), std::move(front), deadlines);
    const std::weak_ptr<Session> weak = session;
    session->watch = Watch::start(executor, [weak] {
        if (const auto open = weak.lock()) open->close();
    });
    for (bool more = true; more;) {
        more = co_await serve_exchange(session);
        if (session->watch->expired()) break;
    }
    session->watch->stop();
    session->close();
}

} // namespace owhale::egress
