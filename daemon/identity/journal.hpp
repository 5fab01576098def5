// What the audit log hears of identity. Never a password or a token.
//
// An act is on disk before it takes effect. Failures are told afterwards, and under a flood summed (audit/sums.hpp).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <string>

#include "audit/log.hpp"
#include "audit/sums.hpp"
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
    Journal(boost::asio::any_io_executor io, audit::Log& log) : log_(log), sums_(std::move(io), log) {}

    // The act may follow only when this has succeeded.
    boost::asio::awaitable<Status> note(audit::EventName event, const Asker& asker, boost::json::object data);
    boost::asio::awaitable<Status> note_own(audit::EventName event, boost::json::object data); // owhaled's own doing
    // Returns at once. `account` as it was tried: a text that is no name may be a password and is not kept.
    void failed(audit::EventName event, std::string verb, const Peer& peer, const std::string& account,
                std::string reason);
    // The same of a verb that was refused to one who is known: verb.denied.
    void denied(const Peer& peer, const Principal& who, std::string verb);
    // And of one that came without the password that it takes: step_up.asked.
    void asked_for_password(const Peer& peer, const Principal& who, std::string verb);

    // Of a peer that nobody knows yet: see Identity::refused and refused_proof.
    void refused(audit::EventName event, const Peer& peer, std::string reason);
    void refused_proof(const Peer& peer, const Shown& shown, const std::string& device_name, std::string reason);
    boost::asio::awaitable<void> flush() { return sums_.flush(); } // what is summed by now, at the end

private:
    void told_singly(audit::EventName event, const char* outcome, const Peer& peer, const Principal& who,
                     std::string verb);
    audit::Log& log_;
    audit::Sums sums_;
};

} // namespace owhale::identity
