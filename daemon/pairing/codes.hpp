// Pairing codes that are open, and what came of them. In memory alone: a restart ends them all. On the io thread.
//
// A code is good for ten minutes, for one device, and for five tries; one at a time a maker. A try is counted when it begins,
// for the answer to its first message is what a guess can be held against; it has a minute to be proved, else it was wrong, and a code
// whose five tries are over is dead. Ended ones are kept for a while, without the code.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "identity/devices.hpp"
#include "shared/error.hpp"
#include "shared/pairing/bound.hpp"
#include "shared/pairing/cpace.hpp"
#include "shared/pairing/terms.hpp"

namespace owhale::pairing {

inline constexpr auto kSpent = "five tries of the code were wrong";

enum class State { open, joined, paired, cancelled, expired, dead };
std::string_view name_of(State state);

struct Joiner { // a device that knows the code, or says so
    identity::DeviceKey key{};
    std::string name, via, at;          // as it calls itself; what it is (shared/pairing/bound.hpp); from where
    uid_t uid = static_cast<uid_t>(-1); // of this machine, when it is on it
};
struct Attempt {
    CPace cpace;
    Joiner who;
    std::string by;               // the peer's principal
    std::int64_t deadline_ns = 0; // of its proof
};

struct Entry {
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry();
    bool has_ended() const { return state != State::open && state != State::joined; }
    bool is_gone() const { return state == State::joined && gone && gone(); }
    bool is_spent() const { return state == State::open && tries >= kTries && attempts.empty(); }
    void tell(); // wakes who waits for a change
    void wipe_code();

    std::string id, maker, name; // maker: "user:alice"
    std::string code;            // canonical; "" once it is used or ended
    std::uint32_t powers = 0;
    std::uint64_t for_ms = 0;
    std::int64_t created_us = 0, expires_us = 0, deadline_ns = 0; // of what it waits for, then of its being kept
    std::uint32_t tries = 0, wrong = 0;                           // begun; and of those, not proved
    State state = State::open;
    bool confirming = false;
    std::map<std::string, Attempt> attempts; // by join
    std::string join;                        // the one that knew the code
    std::optional<Joiner> joiner;
    std::string device; // the id that it has, or is to have
    // Whether the connection has ended on which the device proved itself, or asked last how it stands.
    std::function<bool()> gone;
    std::string replaces,
        replaces_name; // the device whose key signed the proof, too, if its owner is the maker; "" none
    std::list<boost::asio::steady_timer*> waiters;
};

class Codes {
public:
    static constexpr std::int64_t kLife = 600; // seconds: until a device joins, and again until the maker confirms
    static constexpr std::int64_t kProof = 60; // seconds: from a try's beginning until it has to be proved
    static constexpr std::size_t kMost = 256;  // open ones of all makers

    using Clock = std::function<std::int64_t()>; // monotonic, nanoseconds
    // What nobody asked for, as it is noticed.
    struct Told {
        std::function<void(const Entry&, const std::string& join, const Attempt&, const char* why)> unproved;
        std::function<void(const Entry&)> spent; // all five were wrong
    };
    Codes(Clock clock, Told told) : clock_(std::move(clock)), told_(std::move(told)) {}

    // With a code of its own. conflict while the maker has one that has not ended; busy.
    Result<std::shared_ptr<Entry>> make(std::string maker);
    std::shared_ptr<Entry> find(const std::string& id);
    std::shared_ptr<Entry> open_with(std::string_view hint); // null when there is none
    std::shared_ptr<Entry> of_join(const std::string& join); // of an attempt, or of what came of it
    std::vector<std::shared_ptr<Entry>> all();               // newest first
    // Counts as a try of it.
    void begin(Entry& entry, const std::string& join, Attempt attempt) const;
    // Tries under way are wrong ones from now on: an answer told each whether it was right, so who guessed has no more to prove.
    void lapse_all(Entry& entry) const;
    void end(Entry& entry, State how) const;
    // From now on it waits for its maker.
    void restart_clock(Entry& entry) const;
    // Ends what its time has ended. Every look at the codes does so first.
    void sweep();

private:
    void lapse(Entry& entry, std::int64_t now, const char* why) const;
    Clock clock_;
    Told told_;
    std::map<std::string, std::shared_ptr<Entry>> entries_;
};

} // namespace owhale::pairing
