// What the audit log hears of identity. Never a password or a token.
//
// An act is on disk before it takes effect. Failures are told afterwards, and under a flood at most one a second of one
// peer, with a count.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <string>

#include "audit/log.hpp"
#include "identity/identity.hpp"

namespace owhale::identity {

// Who asks for an act, and by what proof.
struct Asker {
    Peer peer;
    Principal who;
    std::string verb;  // as the verb table spells it
    std::string proof; // how it was stepped up: "window", "password for POST /v1/users sha256:…"; "" when it was not
};

class Journal {
public:
    Journal(boost::asio::any_io_executor io, audit::Log& log) : io_(std::move(io)), log_(log) {}

    // The act may follow only when this has succeeded.
    boost::asio::awaitable<Status> note(audit::EventName event, const Asker& asker, boost::json::object data);
    boost::asio::awaitable<Status> note_own(audit::EventName event, boost::json::object data); // owhaled's own doing
    // Returns at once. `account` as it was tried: a text that is no name may be a password and is not kept.
    void failed(audit::EventName event, std::string verb, const Peer& peer, const std::string& account,
                std::string reason);
    // The same of a verb that was refused to one who is known: verb.denied.
    void denied(const Peer& peer, const Principal& who, std::string verb);

private:
    struct Flood {
        std::uint64_t held_back = 0;
        audit::Event last;
    };
    using Floods = std::map<std::string, Flood>;
    // Once a second at most of one key.
    void write_seldom(std::string key, audit::Event event);
    void write(audit::Event event);
    boost::asio::awaitable<void> watch(std::weak_ptr<Floods> floods, std::string origin);

    boost::asio::any_io_executor io_;
    audit::Log& log_;
    std::shared_ptr<Floods> floods_ =
        std::make_shared<Floods>(); // of peers, and peers and verbs, that failed within the last second
};

} // namespace owhale::identity
