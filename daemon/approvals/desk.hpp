// The desk of requests: takes questions, lets people answer them, and tells the runs that wait. One instance, on the io
// thread. desk.cpp is a question's beginning, desk_decide.cpp what people say to it, desk_end.cpp every other end, desk_read.cpp
// what is told of it.
//
// Every transition happens once: a request's own turn is held while the audit log takes the event, then its row is changed
// by compare and set. What the audit log does not take does not happen.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "approvals/deciders.hpp"
#include "approvals/rows.hpp"
#include "approvals/standing.hpp"
#include "audit/log.hpp"
#include "config/settings.hpp"
#include "config/severities.hpp"
#include "identity/journal.hpp"
#include "identity/turn.hpp"
#include "metrics/scrape.hpp"
#include "sandbox/consent.hpp"

namespace owhale::approvals {

inline constexpr std::size_t kMostPending = 1000;        // of one payer
inline constexpr std::uint64_t kMostBytes = 64ull << 20; // of what these ask for
inline constexpr std::size_t kMostText = 4096;           // bytes of a reason or a description
inline constexpr std::size_t kMostAtOnce = 1000;         // requests that are decided together

// What a question of a host waits under, in the place of a run's id: "host:RUN:HOST:PORT".
inline constexpr std::string_view kHostKey = "host:";
// The run that such a key is about, or that run itself.
std::string run_of_key(const std::string& key);

class Desk final : public sandbox::Consent {
public:
    struct Parts { // all of it outlives the desk
        boost::asio::any_io_executor executor;
        const config::Settings& settings;
        audit::Log& audit;
        store::Database& database;
        Standing* standing = nullptr;
        Tally* tally = nullptr;
        // Who agreed earlier, with the rights of now; of a device with the uid beside which it joined. Empty when there is no
        // such account any more. Null: all stand.
        std::function<std::optional<identity::Principal>(const std::string& name)> person = nullptr;
        // An approved host is to be let through for longer: the id of its entry.
        std::function<boost::asio::awaitable<Result<std::string>>(const api::Approval& approval, std::uint64_t for_ms,
                                                                  std::string by)>
            allow_host = nullptr;
    };
    explicit Desk(Parts parts);

    // What was pending or approved when owhaled ended; approved ones have to be claimed.
    boost::asio::awaitable<Status> load();
    // After on_answer is set: waited ones of the last time end, then once a second what is due.
    void start();
    boost::asio::awaitable<void> tick();
    // What ended longer than keep-days ago goes, with the counts of then.
    void remove_old();
    // No timer keeps the loop alive any more.
    void stop();

    // As on_answer, of questions of kind "host".
    std::function<void(const std::string& key, const sandbox::Answer& answer)> on_host_answer;

    // --- sandbox::Consent ---
    boost::asio::awaitable<Result<std::optional<sandbox::Agreement>>> granted(const sandbox::Plea& plea) override;
    boost::asio::awaitable<Result<std::string>> ask(sandbox::Plea plea) override;
    boost::asio::awaitable<Result<sandbox::Agreement>> use(const std::string& run) override;
    boost::asio::awaitable<void> end_void(const std::string& run, std::string because) override;
    boost::asio::awaitable<void> not_started(std::string run, std::string approval, std::string because) override;
    void cancel(const std::string& run, std::string because) override;
    void outlive_client(const std::string& run) override;
    void set_claimable(const std::string& run) override;
    Result<Waiting> waiting(const std::string& run) override;
    Result<std::vector<std::string>> all_waiting() override;

    // --- people ---
    struct Act {
        identity::Asker asker;
        std::string id;
        bool approve = false;
        std::optional<std::string> digest; // what was looked at
        std::optional<std::string> reason;
        std::optional<api::GrantRequest> grant;
        std::function<Status()> standing; // whether it still may, now; empty: always
    };
    // Errors: not_found, forbidden, approval_ended, approval_expired, digest_mismatch, conflict (said it before),
    // audit_unavailable and state_unavailable (it stays pending).
    boost::asio::awaitable<Result<api::Approval>> decide(Act act);
    // Each by itself, all at once; in the order of the items.
    boost::asio::awaitable<Result<api::DecidedList>> decide_all(identity::Asker asker, api::DecideRequest request,
                                                                std::function<Status()> standing);
    // Its requester takes it back; every run that waits for it ends.
    boost::asio::awaitable<Result<api::Approval>> take_back(const identity::Principal& who, std::string id,
                                                            std::optional<std::string> reason);

    struct Wanted {
        std::string state, before;
        bool all = false; // ended and throttled ones, too
        std::size_t limit = 50;
    };
    Result<api::ApprovalList> list(const identity::Principal& who, const Wanted& wanted);
    // not_found unless it is its own, or it may see everyone's.
    Result<api::Approval> show(const identity::Principal& who, const std::string& id);
    // Until its state is another one, or the time is up.
    boost::asio::awaitable<void> until_changed(const std::string& id, std::chrono::milliseconds most);
    // The first run that waits for this approved request of the caller's: not_found, approval_ended, conflict.
    Result<std::string> run_to_claim(const identity::Principal& who, const std::string& id);
    std::size_t pending() const { return live_.size(); }
    // Since when the oldest request that has not ended is there, in microseconds; the far future when there is none.
    std::int64_t oldest_us() const;
    // How many wait for people, and since when.
    void show(metrics::Exposition& out) const;

private:
    struct Live { // a request that has not ended
        explicit Live(const boost::asio::any_io_executor& io) : turn(io) {}
        std::string id, payer, digest;
        State state = State::pending;
        Question question;
        std::int64_t expires = 0;     // wall clock, microseconds
        std::int64_t deadline_ns = 0; // the same on the monotonic clock: a wall clock that is set back revives nothing
        std::map<std::string, bool> runs; // that wait, and whether a client waits for each
        std::uint64_t bytes = 0;
        bool throttled = false, used = false, counted = false;
        std::optional<State> end; // how it is to end, as soon as that can be written down
        std::string because;
        identity::Turn turn;
        std::list<boost::asio::steady_timer*> waiters; // of those who wait for it to change
    };
    using Shared = std::shared_ptr<Live>;
    using Same = std::pair<std::string, std::string>; // principal, digest
    struct Share {
        std::size_t pending = 0, shown = 0;
        std::uint64_t bytes = 0;
    };

    // A question's beginning.
    Status check_plea(const sandbox::Plea& plea) const;
    Status check_room(const sandbox::Plea& plea);
    Shared make_live(const sandbox::Plea& plea);
    api::Approval make_approval(const Live& live, const sandbox::Plea& plea);
    boost::asio::awaitable<Result<std::string>> ask_anew(sandbox::Plea plea);
    boost::asio::awaitable<Result<std::string>> join(Shared live, sandbox::Plea plea);
    void take_in(const Shared& live);
    void forget(const Shared& live);
    Shared restore(const Rows::Live& row);
    boost::asio::awaitable<bool> has_begun(const std::string& run);

    // People.
    Result<Shared> find_pending(const identity::Principal& who, const std::string& id);
    Status check_grant(const api::Approval& approval, const api::GrantRequest& wanted) const;
    Status check_act(const Act& act, const Live& live, const api::Approval& approval, Ruling& ruling);
    // What people said who may not say it any more counts no more.
    void recount(api::Approval& approval, const Live& live) const;
    bool is_enough(const api::Approval& approval, const Live& live) const;
    State after(const api::Approval& approval, const Live& live) const;
    std::string person_of(const std::string& by) const;
    // `speaks`: the uid that it speaks from, by the kernel's word.
    Ruling ruling_on(identity::Principal who, uid_t speaks, const Question& question) const;
    bool stands(const api::Decision& decision, const Live& live) const;
    boost::asio::awaitable<Result<api::Approval>> put_down(Shared live, Act act, api::Approval approval, bool counts);
    boost::asio::awaitable<void> add_grant(Shared live, api::Approval& approval, const api::GrantRequest& wanted,
                                           const std::string& by);
    boost::asio::awaitable<Status> note_decision(const Act& act, const api::Approval& approval,
                                                 const api::Decision& decision);

    // Ends.
    bool is_due(const Live& live) const;
    boost::asio::awaitable<void> end(Shared live);
    boost::asio::awaitable<void> leave(Shared live, std::string run, State how, std::string because);
    boost::asio::awaitable<Status> note_end(const api::Approval& approval, State how, const std::string& because,
                                            const std::string& run);
    boost::asio::awaitable<void> put_void(std::string run, std::string id, std::string because);
    void begin_end(const Shared& live, State how, std::string because);
    // Changes the row, then what is known here. `gone`: runs that wait no more; the last one's going ends the request.
    Status enter(const Shared& live, api::Approval& approval, State to, std::vector<std::string> gone,
                 const api::Decision* decision = nullptr);
    void answer(const std::string& run, sandbox::Answer::Word word, const std::string& because);
    boost::asio::awaitable<void> watch();
    void announce_throttled(const std::string& payer);

    Result<api::Approval> found(const std::string& id);
    bool may_see(const identity::Principal& who, const std::string& principal) const;
    House house() const;
    void count(const std::string& principal, Asked what);
    static Question question_of(const api::Approval& approval, const std::string& payer);

    Parts parts_;
    Rows rows_;
    config::Quorums quorums_{};
    config::Expiries expiries_{};
    std::map<std::string, Shared> live_, by_run_;
    std::map<Same, Shared> same_;
    std::map<std::string, Share> shares_; // by payer
    boost::asio::steady_timer timer_;
    bool stopped_ = false;
    metrics::Shown shown_ = metrics::on_scrape([this](metrics::Exposition& out) { show(out); });
};

} // namespace owhale::approvals
