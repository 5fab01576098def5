// "May this frozen plan go on?": all that this folder knows of who agrees. daemon/approvals implements it, daemon/broker.cpp
// brings the two together. On the io thread.
//
//   ask() ---> on_answer(approved)  ---> prepare again, compare ---> use() ---> it starts
//         \                                        \--> end_void(): something changed
//         |                                           use() --> not_started(): the spawner found it changed
//          `-> on_answer(denied | expired | cancelled): the run ends so
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/api_approvals.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

struct Plea {                 // of a run whose verdict is `ask`
    std::string run;          // of kind "host" the key of approvals/host_questions.hpp
    std::string kind = "run"; // "run", "host"
    std::string principal;
    std::string payer; // whose quota of questions it takes: the principal's, of a run's runs the maker's
    std::optional<std::string> parent; // the run that asks
    std::uint32_t uid = 0;             // of the requester's Unix connection; -1 over TCP
    api::Frozen frozen;
    std::string digest; // of `frozen`
    api::Verdict verdict;
    std::vector<std::string> command;               // whole; secrets masked
    std::string cwd;                                // as people read it
    std::map<std::string, std::string> environment; // values as people may see them, secrets masked
    std::optional<std::string> description;         // the requester's own words: untrusted
    bool waits = false;                             // a client waits: cancelled when that goes
    std::vector<std::string> notes;                 // why it could fail although people agree: sentences
    std::string request;                            // what makes the run again; nobody else reads it
    // Whether no component of these absolute paths is a link, to whoever asks; empty: nobody can look.
    std::function<boost::asio::awaitable<Result<bool>>(std::vector<std::string>)> plain = {};
};

// Who let a run go on, for its intent, receipt and record.
struct Agreement {
    std::string approval;        // "" none: a grant alone did
    std::string grant;           // "" none
    std::vector<std::string> by; // "user:alice"
};

struct Answer {
    enum class Word { approved, denied, expired, cancelled };
    Word word = Word::cancelled;
    std::string because; // a sentence
};

class Consent {
public:
    virtual ~Consent() = default;

    // Called once for each run that waits, and once more for an approved one whose requester claims it. Must not block.
    std::function<void(const std::string& run, const Answer& answer)> on_answer;

    // One use of a standing grant that covers it, taken; empty when none does.
    virtual boost::asio::awaitable<Result<std::optional<Agreement>>> granted(const Plea& plea) = 0;
    // Its request's id, durable from now on: a new one, or that of the same question which is pending already. busy when
    // this principal asks too much, audit_unavailable and state_unavailable when it could not be stored.
    virtual boost::asio::awaitable<Result<std::string>> ask(Plea plea) = 0;
    // An approved run is about to start: once, durable. conflict when it may not any more.
    virtual boost::asio::awaitable<Result<Agreement>> use(const std::string& run) = 0;
    // An approved run does not start: what was agreed to is not what would run.
    virtual boost::asio::awaitable<void> end_void(const std::string& run, std::string because) = 0;
    // It was used, and the spawner found something else than was agreed to: nothing ran, nothing will.
    virtual boost::asio::awaitable<void> not_started(std::string run, std::string approval, std::string because) = 0;
    // Its client went, its requester took it back, or what it needs has ended. Answers follow by on_answer.
    virtual void cancel(const std::string& run, std::string because) = 0;
    // Its client stopped waiting without going: the request lives to its expiry now.
    virtual void outlive_client(const std::string& run) = 0;
    // An approved run cannot be looked up any more as who asked for it: its requester has to claim it.
    virtual void set_claimable(const std::string& run) = 0;

    struct Waiting {
        std::string run, approval, digest, request;
        api::Frozen frozen;    // as it was agreed to
        std::uint32_t uid = 0; // of the requester's Unix connection; -1 over TCP
        bool waits = false, approved = false;
    };
    // Of a run that waits; not_found.
    virtual Result<Waiting> waiting(const std::string& run) = 0;
    // All that wait, without what they ask for: at the start, from the last time.
    virtual Result<std::vector<std::string>> all_waiting() = 0;
};

} // namespace owhale::sandbox
