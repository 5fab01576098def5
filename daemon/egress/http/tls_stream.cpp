#include "egress/http/tls_stream.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <openssl/err.h>

#include "egress/http/tls_error.hpp"
#include "egress/http/watch.hpp"

namespace owhale::egress::http {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

constexpr std::size_t kIn = 17u << 10;   // a record and its head
constexpr std::size_t kPart = 16u << 10; // plain bytes of one record
constexpr std::chrono::seconds kHandshake{15};
constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";

long control(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_PUSH || command == BIO_CTRL_POP ? 1 : 0;
}

} // namespace

// OpenSSL asks for ciphertext: what was read of it, or "come again".
int tls_take(BIO* bio, char* into, int size) {
    auto& self = *static_cast<TlsStream*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const auto had = std::min(self.in_to_ - self.in_from_, static_cast<std::size_t>(size));
    if (had == 0) {
        if (self.ended_) return 0;
        BIO_set_retry_read(bio);
        return -1;
    }
    std::copy_n(self.in_.data() + self.in_from_, had, into);
    self.in_from_ += had;
    return static_cast<int>(had);
}

int tls_give(BIO* bio, const char* from, int size) {
    auto& self = *static_cast<TlsStream*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    self.out_.insert(self.out_.end(), from, from + size);
    return size;
}

namespace {

const BIO_METHOD* memory_method() {
    static BIO_METHOD* const method = [] {
        auto* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "owhale stream");
        BIO_meth_set_read(made, tls_take);
        BIO_meth_set_write(made, tls_give);
        BIO_meth_set_ctrl(made, control);
        return made;
    }();
    return method;
}

} // namespace

SslContext bare_context(const SSL_METHOD* method) {
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
                         OPENSSL_INIT_NO_ATEXIT,
                     nullptr);
    SslContext context(SSL_CTX_new(method));
    if (!context) return nullptr;
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    const bool set = SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1 &&
                     SSL_CTX_set_cipher_list(context.get(), kCiphers12) == 1 &&
                     SSL_CTX_set_num_tickets(context.get(), 0) == 1;
    return set ? std::move(context) : nullptr;
}

TlsStream::TlsStream(asio::any_io_executor executor, std::unique_ptr<Stream> under, Ssl ssl)
    : under_(std::move(under)), ssl_(std::move(ssl)), flushed_(std::move(executor)) {
    auto* const bio = BIO_new(memory_method());
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
}

TlsStream::~TlsStream() = default;

// One writer of `under_` at a time: a second one waits until the first has sent its bytes, too.
awaitable<Status> TlsStream::flush() {
    while (flushing_) co_await flushed_.wait();
    flushing_ = true;
    Status sent;
    while (sent && !out_.empty() && !broken_) {
        std::vector<char> part;
        part.swap(out_);
        sent = co_await under_->write(asio::buffer(part));
        if (out_.empty()) (part.clear(), out_.swap(part)); // its memory, for the next record
    }
    if (!sent) broken_ = true;
    if (out_.capacity() > 2 * kIn) std::vector<char>().swap(out_);
    flushing_ = false;
    flushed_.notify();
    if (sent && broken_ && !out_.empty()) co_return fail(Code::unreachable, "the connection was closed");
    co_return sent;
}

awaitable<Status> TlsStream::wait_readable() {
    if (broken_ || ended_ || in_from_ != in_to_ || SSL_has_pending(ssl_.get()) == 1) co_return Status{};
    std::vector<char>().swap(in_); // a quiet connection holds no memory
    if (out_.empty() && !flushing_) std::vector<char>().swap(out_);
    in_from_ = in_to_ = 0;
    co_return co_await under_->wait_readable();
}

awaitable<Status> TlsStream::feed() {
    in_.resize(kIn);
    const auto got = co_await under_->read(asio::buffer(in_));
    CO_CHECK(got);
    ended_ = *got == 0;
    in_from_ = 0;
    in_to_ = *got;
    co_return Status{};
}

// OpenSSL wants to go on: sends what it made, then reads what it lacks.
awaitable<Status> TlsStream::advance() {
    if (!out_.empty()) {
        const auto sent = co_await flush();
        CO_CHECK(sent);
    }
    if (ended_) co_return fail(Code::unreachable, "the connection ended in the middle of TLS");
    co_return co_await feed();
}

awaitable<Status> TlsStream::shake_hands() {
    const auto executor = co_await asio::this_coro::executor;
    const auto watch = Watch::start(executor, [this] { under_->close(); });
    watch->arm(kHandshake);
    Status done;
    while (done && !broken_) {
        ERR_clear_error();
        const int result = SSL_do_handshake(ssl_.get());
        if (result == 1) break;
        if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ)
            done = co_await advance();
        else
            done = fail_tls(ssl_.get(), "the TLS handshake failed");
    }
    const auto last = co_await flush(); // the last flight, or the alert
    watch->stop();
    if (watch->expired()) co_return fail(Code::unreachable, "the TLS handshake took longer than 15 s");
    CO_CHECK(done);
    co_return last;
}

awaitable<Result<std::size_t>> TlsStream::read(asio::mutable_buffer into) {
    while (!broken_) {
        ERR_clear_error();
        std::size_t got = 0;
        const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
        const int why = SSL_get_error(ssl_.get(), result);
        if (!out_.empty() && !flushing_) { // an alert, a key update
            const auto sent = co_await flush();
            CO_CHECK(sent);
        }
        if (result == 1) co_return got;
        if (why == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
        if (why != SSL_ERROR_WANT_READ) break;
        if (ended_) break; // without a goodbye: cut short
        const auto fed = co_await feed();
        CO_CHECK(fed);
    }
    broken_ = true;
    co_return fail(Code::unreachable, "the TLS connection was cut");
}

awaitable<Status> TlsStream::write(asio::const_buffer from) {
    while (from.size() != 0) {
        if (broken_) co_return fail(Code::unreachable, "the TLS connection was closed");
        ERR_clear_error();
        std::size_t done = 0;
        if (SSL_write_ex(ssl_.get(), from.data(), std::min(from.size(), kPart), &done) != 1) {
            broken_ = true;
            co_return fail_tls(ssl_.get(), "TLS cannot go on");
        }
        from += done;
        if (from.size() != 0 && out_.size() < 4 * kPart) continue; // several records in one write
        const auto sent = co_await flush();
        CO_CHECK(sent);
    }
    co_return Status{};
}

awaitable<void> TlsStream::end_writing() {
    if (broken_ || SSL_is_init_finished(ssl_.get()) != 1) co_return;
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    const auto sent = co_await flush();
    if (sent) co_await under_->end_writing();
}

void TlsStream::close() {
    broken_ = true;
    under_->close();
}

} // namespace owhale::egress::http
