#include "transport/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "transport/certificate.hpp"

namespace owhale::transport {
namespace {

constexpr const char* kCiphers = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";

// Nobody is there to be asked for a passphrase.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
    static constexpr unsigned char kOurs[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    const int found = SSL_select_next_proto(&chosen, size, kOurs, sizeof kOurs - 1, offered, offered_size);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool configure(SSL_CTX* context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_ciphersuites(context, kCiphers) == 1 && SSL_CTX_set1_groups_list(context, kGroups) == 1 &&
           SSL_CTX_set_num_tickets(context, 0) == 1 && SSL_CTX_set_max_early_data(context, 0) == 1;
}

Moved closed() {
    return {Moved::How::closed, 0};
}

} // namespace

void Tls::Free::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}

void Tls::prepare() {
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
                         OPENSSL_INIT_NO_ATEXIT,
                     nullptr);
    // The first context fetches the algorithms that all others share.
    const std::unique_ptr<SSL_CTX, Free> first(SSL_CTX_new(TLS_server_method()));
}

Result<Tls::Loaded> Tls::load(const Credentials& credentials) {
    const auto pair = TRY(read_pair(credentials));
    Loaded loaded;
    loaded.context.reset(SSL_CTX_new(TLS_server_method()));
    auto* const context = loaded.context.get();
    if (context == nullptr || !configure(context)) return fail_tls(Code::internal, "TLS cannot be set up");
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    if (SSL_CTX_use_certificate(context, pair.chain.front().get()) != 1)
        return fail_tls(Code::config_invalid, credentials.certificate_name + " cannot be used");
    for (std::size_t i = 1; i < pair.chain.size(); ++i)
        if (SSL_CTX_add1_chain_cert(context, pair.chain[i].get()) != 1)
            return fail_tls(Code::config_invalid, credentials.certificate_name + ": its chain cannot be used");
    if (SSL_CTX_use_PrivateKey(context, pair.key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
        return fail_tls(Code::config_invalid, credentials.key_name + " is not that of the certificate");
    loaded.fingerprint = fingerprint_of(pair.chain.front().get());
    loaded.names = names_of(pair.chain.front().get());
    loaded.doubt = doubt_about(pair.chain.front().get());
    return loaded;
}

Result<std::unique_ptr<Tls>> Tls::make(const Credentials& credentials) {
    auto loaded = TRY(load(credentials)); // not inside `new`: what it got would leak when this returns
    return std::unique_ptr<Tls>(new Tls(std::move(loaded)));
}

Status Tls::replace(const Credentials& credentials) {
    now_ = TRY(load(credentials));
    return {};
}

Result<std::unique_ptr<TlsSession>> Tls::session(int socket) const {
    auto* const ssl = SSL_new(now_.context.get());
    if (ssl == nullptr) return fail_tls(Code::internal, "a TLS session cannot be made");
    auto session = std::make_unique<TlsSession>(ssl);
    if (SSL_set_fd(ssl, socket) != 1) return fail_tls(Code::internal, "a TLS session cannot be made");
    SSL_set_accept_state(ssl);
    return session;
}

TlsSession::~TlsSession() {
    SSL_free(ssl_);
}

// The queue of errors is the thread's: what one connection left there would be read as another's.
Moved TlsSession::moved(int result) const {
    if (result > 0) return {Moved::How::some, static_cast<std::size_t>(result)};
    const int why = SSL_get_error(ssl_, result);
    if (why == SSL_ERROR_WANT_READ) return {Moved::How::wait_read, 0};
    if (why == SSL_ERROR_WANT_WRITE) return {Moved::How::wait_write, 0};
    return closed();
}

Moved TlsSession::shake_hands() {
    ERR_clear_error();
    const auto done = moved(SSL_do_handshake(ssl_));
    broken_ = done.how == Moved::How::closed;
    return done;
}

Moved TlsSession::read(std::span<char> into) {
    if (broken_) return closed();
    ERR_clear_error();
    const int got = SSL_read(ssl_, into.data(), static_cast<int>(into.size()));
    const auto done = moved(got);
    // A goodbye ends the peer's half alone; all else that is no byte ends the connection.
    broken_ = done.how == Moved::How::closed && SSL_get_error(ssl_, got) != SSL_ERROR_ZERO_RETURN;
    return done;
}

Moved TlsSession::write(std::string_view bytes) {
    if (broken_) return closed();
    ERR_clear_error();
    const auto done = moved(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())));
    broken_ = done.how == Moved::How::closed;
    return done;
}

bool TlsSession::has_pending() const {
    return SSL_has_pending(ssl_) == 1;
}

void TlsSession::say_goodbye() {
    if (broken_ || SSL_is_init_finished(ssl_) != 1) return;
    ERR_clear_error();
    SSL_shutdown(ssl_);
}

} // namespace owhale::transport
