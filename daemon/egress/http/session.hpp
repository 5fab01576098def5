// One client's connection, and what its exchanges have in common.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "egress/http/http.hpp"
#include "egress/http/place.hpp"
#include "egress/http/reader.hpp"
#include "egress/http/scrub.hpp"
#include "egress/http/watch.hpp"

namespace owhale::egress::http {

struct Upstream { // a connection to a host, kept for its next request
    std::shared_ptr<Stream> stream;
    std::shared_ptr<Reader> reader;
    std::string host;
    std::uint16_t port = 0;
    bool tls = false;
    std::chrono::steady_clock::time_point since; // it was used last
};

struct Session {
    Session(std::shared_ptr<Stream> from, std::shared_ptr<Gate> by, Front what, HttpDeadlines times)
        : client(std::move(from)), in(client), gate(std::move(by)), front(std::move(what)), deadlines(times) {}

    std::shared_ptr<Stream> client;
    Reader in;
    std::shared_ptr<Gate> gate;
    Front front;
    HttpDeadlines deadlines;
    std::shared_ptr<Watch> watch; // closes both sides
    std::shared_ptr<Needles> needles =
        std::make_shared<Needles>(); // values of all secrets of the run, once one was needed
    bool needles_made = false;
    Upstream upstream;

    void moved() { watch->arm(deadlines.idle); } // a byte
    void close_upstream() {
        if (upstream.stream) upstream.stream->close();
        upstream = {};
    }
    void close() {
        client->close();
        if (upstream.stream) upstream.stream->close();
    }
};

// All values of the run, once a connection: whoever stored one may send it back later, to another request.
void learn_values(Session& session);
// One request and its answer. False: the connection is not to be used any more.
boost::asio::awaitable<bool> serve_exchange(std::shared_ptr<Session> session);

} // namespace owhale::egress::http
