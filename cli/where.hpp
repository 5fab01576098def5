// Where owhaled is to be asked: candidates on Unix sockets, or one address on TCP.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::cli {

struct Socket {
    std::string path;
    std::string source; // "--socket", "OWHALE_SOCKET", "the system's", "XDG_RUNTIME_DIR"
};

struct Host {
    bool tls = false;
    std::string name; // a name, or an address without brackets
    std::uint16_t port = 0;
    std::string source;      // "--host", "OWHALE_HOST"
    std::string fingerprint; // --fingerprint: the only certificate that is believed; "" none given
    bool unproven = false;   // of pairing: a certificate that was never seen is let pass, for the code is to prove it

    std::string authority() const; // "host:7717", "[::1]:7717": the Host header
    std::string url() const;
    bool is_loopback() const; // by the name alone: "localhost" is what a resolver says it is
};

struct Where {
    std::vector<Socket> sockets; // tried in order; unused with a host
    std::optional<Host> host;
};

// The flags alone, else OWHALE_HOST's or OWHALE_SOCKET's alone, else the system's socket and then ours. Two ways at once
// are refused (bad_request), as is plain HTTP beyond loopback: password and token would cross the network for anyone to
// read.
Result<Where> where_is(const std::string& socket, const std::string& host, const std::string& fingerprint);

// What an `owhalectl` has to be told to ask the same owhaled, for commands that are printed: " --socket '/a b'",
// " --host https://h:7717 --fingerprint FP"; "" where it finds it by itself. In full also where the environment said it: sudo,
// and another shell, have another one.
std::string options_for(const Where& where);

// "http://127.0.0.1:7717", "https://example.org": the port is 7717 unless given; no path, user or query.
Result<Host> parse_host(const std::string& url);

// Where one connection leads.
struct Peer {
    Fd fd;            // connected, blocking
    std::string name; // names this daemon in the token store: its socket's real path, or its URL and certificate
    Socket where;     // of a Unix socket
    pid_t pid = 0;    // of a Unix socket
    uid_t uid = 0;    // of a Unix socket
    std::optional<Host> host;
    std::string certificate; // with TLS: its fingerprint, and why it is believed
};

// The daemon's end for status and whoami: "/run/owhaled/owhaled.sock (the system's; pid 7, uid 0)".
std::string describe(const Peer& peer);

} // namespace owhale::cli
