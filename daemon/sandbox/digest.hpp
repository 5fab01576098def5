// SHA-256: of bytes at hand, of a stream, and of program files.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <sodium/crypto_hash_sha256.h>
#include <string>
#include <string_view>
#include <tuple>

#include "base/fd.hpp"
#include "sandbox/blocking.hpp"
#include "sandbox/plan.hpp"

namespace owhale::sandbox {

std::string to_hex(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);

class Sha256 {
public:
    Sha256() { crypto_hash_sha256_init(&state_); }
    void update(std::string_view bytes);
    // Hex of what came so far; more may follow.
    std::string hex() const;

private:
    crypto_hash_sha256_state state_;
};

// Digests of program files, remembered for as long as inode, size and times stay.
class ProgramDigests {
public:
    explicit ProgramDigests(Blocking& blocking) : blocking_(blocking) {}
    // "" when the file is larger than 512 MiB, changed while it was read, or could not be read in time. `fact` is the
    // file's as the resolve child saw it; `uid` is whose file it is to wait for.
    boost::asio::awaitable<std::string> of(Fd fd, wire::PathFact fact, std::uint32_t uid);

private:
    using Key = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::int64_t, std::int64_t>;
    Blocking& blocking_;
    std::map<Key, std::string> known_;
};

} // namespace owhale::sandbox
