// TLS 1.3 (RFC 8446) over a connected socket, by OpenSSL.
//
// 1.3 alone: there is no renegotiation, no compression and no old cipher in it to be switched off. No 0-RTT, whose
// requests can be replayed, and so no tickets: nothing of a session outlives its connection. ALPN (RFC 7301) knows
// http/1.1 alone. OpenSSL reads no configuration file and starts no other provider.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/error.hpp"
#include "transport/moved.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace owhale::transport {

// What a server proves itself with, as PEM (RFC 7468): the chain, its own certificate first; the key, not encrypted.
struct Credentials {
    std::string certificate, key;
    // As errors call them: with the setting and the file where there is one.
    std::string certificate_name = "the TLS certificate", key_name = "the TLS key";
};

// One connection's side of it. Not copied, not moved: owned by its peer.
class TlsSession {
public:
    explicit TlsSession(ssl_st* ssl) : ssl_(ssl) {}
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    Moved shake_hands(); // some: done
    Moved read(std::span<char> into);
    Moved write(std::string_view bytes);
    bool has_pending() const; // decrypted and not yet read
    void say_goodbye();       // close_notify, if the socket takes it

private:
    Moved moved(int result) const;

    ssl_st* ssl_;
    bool broken_ = false; // after a fatal error nothing more may be sent
};

// The certificate in force. Replacing it leaves open connections as they are.
class Tls {
public:
    // Loads error texts, randomness and algorithms: before the process gives up its rights.
    static void prepare();

    // Errors: config_invalid, saying which of the two is wrong, and how.
    static Result<std::unique_ptr<Tls>> make(const Credentials& credentials);
    Status replace(const Credentials& credentials);

    // Of the certificate: "SHA256:" and the digest of its DER in hexadecimal, as owhalectl shows and remembers it.
    const std::string& fingerprint() const { return now_.fingerprint; }
    // DNS names and addresses that it is good for.
    const std::vector<std::string>& names() const { return now_.names; }
    // "" or why clients will not like it: expired, not yet valid.
    const std::string& doubt() const { return now_.doubt; }

    Result<std::unique_ptr<TlsSession>> session(int socket) const;

private:
    struct Free {
        void operator()(ssl_ctx_st* context) const;
    };
    struct Loaded {
        std::unique_ptr<ssl_ctx_st, Free> context;
        std::string fingerprint, doubt;
        std::vector<std::string> names;
    };
    static Result<Loaded> load(const Credentials& credentials);
    explicit Tls(Loaded loaded) : now_(std::move(loaded)) {}

    Loaded now_;
};

} // namespace owhale::transport
