// TLS (RFC 8446, RFC 5246) as a Stream over a Stream: OpenSSL sees bytes in memory alone, never a socket.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <vector>

#include "egress/stream.hpp"
#include "sandbox/wake.hpp"

namespace owhale::egress::http {

struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Ssl = std::unique_ptr<SSL, FreeSsl>;
using SslContext = std::unique_ptr<SSL_CTX, FreeSsl>;

// What both sides of owhaled's TLS have in common: 1.2 at least, AEAD ciphers with forward secrecy, no renegotiation, no
// compression, no session outlives its connection. Reads no configuration file. Null when OpenSSL refuses.
SslContext bare_context(const SSL_METHOD* method);

class TlsStream : public Stream {
public:
    // `ssl` knows its side (SSL_set_accept_state, SSL_set_connect_state).
    TlsStream(boost::asio::any_io_executor executor, std::unique_ptr<Stream> under, Ssl ssl);
    ~TlsStream() override;
    // unreachable, with OpenSSL's reason, when it fails or takes longer than 15 s.
    boost::asio::awaitable<Status> shake_hands();
    boost::asio::awaitable<Result<std::size_t>> read(boost::asio::mutable_buffer into) override;
    boost::asio::awaitable<Status> wait_readable() override;
    boost::asio::awaitable<Status> write(boost::asio::const_buffer from) override;
    boost::asio::awaitable<void> end_writing() override;
    void close() override;

private:
    friend int tls_take(BIO*, char*, int);
    friend int tls_give(BIO*, const char*, int);
    boost::asio::awaitable<Status> advance();
    boost::asio::awaitable<Status> feed();
    boost::asio::awaitable<Status> flush();

    std::unique_ptr<Stream> under_;
    Ssl ssl_;
    std::vector<char> in_; // ciphertext that OpenSSL has not taken
    std::size_t in_from_ = 0, in_to_ = 0;
    std::vector<char> out_; // ciphertext that has not been sent
    bool ended_ = false;    // `under_` gives no more
    bool flushing_ = false, broken_ = false;
    sandbox::Wake flushed_;
};

} // namespace owhale::egress::http
