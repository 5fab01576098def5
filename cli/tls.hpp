// TLS 1.3 to owhaled (RFC 8446), as a socket: what stands before it speaks HTTP and WebSocket without knowing of it.
#pragma once

#include <memory>
#include <string>

#include "cli/where.hpp"

namespace owhale::cli {

struct Certificate {
    std::string fingerprint; // "SHA256:" and 64 lower-case hexadecimal digits, of its DER form
    bool vouched = false;    // an authority of this machine's vouches for it, and it is this host's
    std::string doubt;       // why not
};

class Tls {
public:
    // After the handshake. Whether the certificate is believed is the caller's to say: nothing was sent yet. Reading this
    // machine's authorities takes 20 ms, so they are only asked when `authorities` says that they count.
    static Result<Tls> connect(Fd tcp, const Host& host, bool authorities);
    Tls(Tls&&) noexcept;
    Tls& operator=(Tls&&) = delete;
    ~Tls();

    const Certificate& certificate() const { return certificate_; }
    // Gives the session to a thread of its own and answers one end of a socket pair: what is written there is sent, what
    // arrives is read there, and closing it ends the session.
    Result<Fd> run() &&;

private:
    struct Session;
    explicit Tls(std::unique_ptr<Session> session);
    std::unique_ptr<Session> session_;
    Certificate certificate_;
};

} // namespace owhale::cli
