// Answers that devices signed: each has to be what its device signed, with the key that the log says is the device's.
//
// owhaled could write an answer that nobody gave; it cannot write one that a device signed. What is signed is the request: its
// path names the question and the answer, and its body, whose digest is signed too, the digest of the plan that was looked at.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "cli/verify/body.hpp"

namespace owhale::cli::verify {

class Decisions {
public:
    // What is wrong with the event, if anything is. `whole`: every event before it was taken, so that a device whose pairing was
    // not met has never been paired.
    std::optional<std::string> take(const Body& body, bool whole);

    std::uint64_t good() const { return good_; }           // answers whose signature holds
    std::uint64_t strangers() const { return strangers_; } // of these, by keys whose pairing was not met

private:
    struct Key {
        std::string text;                  // base64url
        std::optional<std::int64_t> until; // its removal, or until when it was good; microseconds
    };
    static void end_at(Key& key, std::optional<std::int64_t> time);
    void learn(const Body& body);
    void end(const Body& body);
    void end_all_of_account(const Body& body);
    std::optional<std::string> check(const Body& body, const std::string& device, bool whole);

    std::map<std::string, Key> keys_;                    // by device
    std::multimap<std::string, std::string> of_account_; // its devices, until an event ended them all
    std::uint64_t good_ = 0, strangers_ = 0;
};

} // namespace owhale::cli::verify
