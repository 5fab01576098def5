// One Argon2id hash (RFC 9106) of a password, in the form that libsodium writes: "$argon2id$v=19$m=…,t=…,p=1$…".
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::identity {

struct Cost {
    std::uint64_t memory = 0; // bytes, 8 MiB and more
    std::uint64_t passes = 0;
};

class Argon2 {
public:
    // `counter` goes up by one with each call of Argon2id: what a login costs is what tests count. May be null.
    explicit Argon2(Cost cost, std::atomic<std::uint64_t>* counter = nullptr) : cost_(cost), counter_(counter) {}

    // Fails with busy when the memory cannot be had.
    Result<std::string> make(std::string_view password) const;
    bool check(const std::string& hash, std::string_view password) const;
    // Of a cost below the present one.
    bool is_cheap(const std::string& hash) const;
    // A hash of the present cost that no password has: checking against it takes what a real one does.
    std::string nobodys() const;

private:
    Cost cost_;
    std::atomic<std::uint64_t>* counter_;
};

} // namespace owhale::identity
