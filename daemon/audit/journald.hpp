// journald's own protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/): an entry is fields, and one datagram.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::audit {

class JournalEntry {
public:
    // `name`: A to Z, digits and _, not first. The value may hold any byte: its length goes before it.
    JournalEntry& add(std::string_view name, std::string_view value);
    std::string_view bytes() const { return bytes_; }

private:
    std::string bytes_;
};

class Journald {
public:
    // Before the confinement, after which no socket of this kind can be made. It stays good when journald is restarted:
    // systemd holds the other end. Fails with unreachable.
    static Result<Journald> connect(const std::string& path);
    // 0: it is in journald's queue; EAGAIN: that is full; else the errno. Never waits. What is too large for a datagram goes
    // as a sealed memfd.
    int send(const JournalEntry& entry) const;

private:
    explicit Journald(Fd socket) : socket_(std::move(socket)) {}
    Fd socket_;
};

} // namespace owhale::audit
