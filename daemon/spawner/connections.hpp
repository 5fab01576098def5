// The Unix connections that the kernel vouched for: accepted here, numbered, and believed only while open.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::spawner {

struct Identity {
    std::uint32_t uid = 0, gid = 0;
    std::vector<std::uint32_t> groups; // supplementary, root-like ones taken out
    std::uint32_t groups_dropped = 0;
};

struct Connection {
    Fd socket; // a second descriptor of the peer's socket: tells us when it hangs up, whatever the broker says
    Identity identity;
    std::int32_t pid = 0;
};

class Connections {
public:
    // Accepts one connection; returns its number. EAGAIN comes back as an error with that errno.
    Result<std::uint64_t> accept(int listener);
    const Connection* find(std::uint64_t number) const;
    void close(std::uint64_t number) { table_.erase(number); }
    std::size_t size() const { return table_.size(); }

private:
    std::map<std::uint64_t, Connection> table_;
    std::uint64_t next_ = 1;
};

// What a uid may bring into a run besides itself.
Identity make_identity(std::uint32_t uid, std::uint32_t gid, const std::vector<std::uint32_t>& groups);

} // namespace owhale::spawner
