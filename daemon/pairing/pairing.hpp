// Pairing: how somebody's device comes to be believed. One instance, on the io thread.
//
//   maker   create            a code, shown once
//   device  join              CPace over the code, bound to the device's key and the certificate that it sees
//   device  prove             the code is used up
//   maker   confirm           sees the device's words, cuts its powers, and pairs it; identity/device_acts has it from then on
//
// A device that has gone meanwhile is not paired: nobody would hold its key. One that joins from where another device was can take its
// place, which goes as it is confirmed: it says so in a proof that the other one's key signed, and the maker sees it.
//
// Errors: invalid_value; conflict; not_found; pairing_failed, in the same words whether the code is wrong, ended, or was never
// there, and at the same cost.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "audit/log.hpp"
#include "audit/sums.hpp"
#include "identity/service.hpp"
#include "pairing/codes.hpp"
#include "shared/api_pairing.hpp"

namespace owhale::pairing {

class Pairing {
public:
    struct Parts { // all of it outlives this
        boost::asio::any_io_executor executor;
        identity::Service& identity;
        audit::Log& audit;
        Codes::Clock clock; // monotonic, nanoseconds; empty: the kernel's
    };
    explicit Pairing(Parts parts);

    // --- the maker ---
    boost::asio::awaitable<Result<api::PairMade>> create(identity::Asker asker, api::PairRequest request);
    api::PairingList list(const identity::Principal& who, bool all);
    boost::asio::awaitable<Status> cancel(identity::Asker asker, std::string id);
    boost::asio::awaitable<Result<api::Device>> confirm(identity::Asker asker, std::string id,
                                                        api::ConfirmRequest request);

    // --- the device ---
    // `fingerprint`: of the certificate that this very connection was shown.
    Result<api::JoinAnswer> join(const identity::Peer& peer, const std::string& fingerprint,
                                 const api::JoinRequest& request);
    struct Prover {
        identity::Peer peer;
        identity::Principal who;    // a paired device, if its key signed this request; else whoever, which says nothing
        std::function<bool()> gone; // whether its connection has ended
    };
    boost::asio::awaitable<Result<api::JoinState>> prove(Prover prover, std::string join, api::JoinProof proof);
    // `gone`: whether the connection that asks has ended; empty: it is no word of where the device waits now.
    Result<api::JoinState> state(const std::string& join, std::function<bool()> gone);
    // Until its state is another one, or the time is up.
    boost::asio::awaitable<void> until_changed(std::string join, std::chrono::milliseconds most);

    boost::asio::awaitable<void> flush() { return sums_.flush(); } // what failures are summed by now, at the end

private:
    boost::asio::awaitable<Status> note(audit::EventName event, const identity::Asker& asker, std::string outcome,
                                        boost::json::object data);
    boost::asio::awaitable<Status> note_joined(const identity::Peer& peer, const Entry& entry);
    Status check_confirm(const Entry& entry, const identity::Asker& asker, const std::string& words) const;
    boost::asio::awaitable<Status> replace(identity::Asker asker, const Entry& entry);
    // A try that no code is charged with: summed.
    void failed(const identity::Peer& peer, const char* reason, const Entry* entry);
    // One that a code is charged with, of which there are five: each is a row.
    void failed_try(const Entry& entry, std::string by, std::string at, std::string reason);
    void end(Entry& entry, State how, std::string why);
    void tell_end(const Entry& entry, std::string outcome, std::string why);
    void remember_told(std::string join);
    bool was_told(const std::string& join);
    Result<std::shared_ptr<Entry>> owned(const identity::Principal& who, const std::string& id);
    bool maker_stands(const Entry& entry) const;
    api::JoinState told(const Entry& entry) const;

    Parts parts_;
    std::shared_ptr<Codes> codes_;
    audit::Sums sums_;
    std::deque<std::string> told_; // joins whose failure has its row: the proof that comes yet gets no second one
};

} // namespace owhale::pairing
