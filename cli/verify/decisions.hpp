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
    // What is wrong with the event, if anything is.
    std::optional<std::string> take(const Body& body);

    std::uint64_t good() const { return good_; }           // answers whose signature holds
    std::uint64_t strangers() const { return strangers_; } // of these, by keys whose pairing was not met

private:
    void learn(const Body& body);
    std::optional<std::string> check(const Body& body, const std::string& device);

    std::map<std::string, std::string> keys_; // by device, base64url
    std::uint64_t good_ = 0, strangers_ = 0;
};

} // namespace owhale::cli::verify
