// An answer's body on its way back to the client, searched for values when the run has secrets.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "egress/http/pieces.hpp"
#include "egress/http/session.hpp"
#include "egress/http/sink.hpp"

namespace owhale::egress::http {

class Download {
public:
    // `head` is sent in front of it; `from` is its framing as it comes, `to` as it goes.
    Download(std::shared_ptr<Session> session, std::shared_ptr<Reader> in, Permit permit, Framing from, Framing to,
             std::string head);
    // Until the body is at its end. An error: cut short, budget used up, the client went. What was sent is then no whole
    // answer: the client's connection is to be closed.
    boost::asio::awaitable<Status> run();
    bool cut() const { return scrubber_ && scrubber_->cuts() != 0; } // a value

private:
    boost::asio::awaitable<Status> pass(char* data, std::size_t size);
    boost::asio::awaitable<Status> pass_searched(std::string_view content);

    std::shared_ptr<Session> session_;
    std::shared_ptr<Reader> in_;
    Permit permit_;
    Pieces pieces_;
    Sink sink_;
    std::unique_ptr<Scrubber> scrubber_;
};

// Both ways until both have ended: a WebSocket. What the host sends is searched, too.
boost::asio::awaitable<void> tunnel(std::shared_ptr<Session> session, Upstream upstream, Permit permit);

} // namespace owhale::egress::http
