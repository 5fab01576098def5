// A certificate authority of one run: made at its start, in memory alone, gone with it. Its private key never leaves owhaled.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "egress/stream.hpp"

namespace owhale::egress {

class RunCa {
public:
    // P-256, valid from an hour ago for `days`; name constraints say that it is for servers alone.
    static Result<std::shared_ptr<RunCa>> make(const std::string& run, int days);
    virtual ~RunCa() = default;
    virtual const std::string& pem() const = 0; // its certificate
    // TLS as the server `host` would speak it (a leaf made on first use, then kept; ALPN http/1.1 alone). `client` gives the
    // ClientHello first. unreachable when the handshake fails.
    virtual boost::asio::awaitable<Result<std::unique_ptr<Stream>>> accept(std::unique_ptr<Stream> client,
                                                                           std::string host) = 0;
};

// TLS as a client, over `server`: the system's CAs (read before the broker was confined), the name verified, ALPN http/1.1.
boost::asio::awaitable<Result<std::unique_ptr<Stream>>> connect_tls(std::unique_ptr<Stream> server, std::string host);
// Reads the system's CAs; before the confinement. Without any, connect_tls refuses everything.
Status load_system_cas();

} // namespace owhale::egress
