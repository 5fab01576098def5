#include "egress/http/run_ca.hpp"

#include <boost/asio/this_coro.hpp>
#include <map>

#include "egress/http/leaf.hpp"
#include "egress/http/tls_error.hpp"
#include "egress/http/tls_stream.hpp"

namespace owhale::egress {
using namespace http;

namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLeaves = 256;
constexpr std::chrono::hours kLeafLife{24}, kLeafFresh{20}; // then a new one is made
constexpr std::chrono::hours kDay{24};

int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
    static constexpr unsigned char kOurs[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    const int found = SSL_select_next_proto(&chosen, size, kOurs, sizeof kOurs - 1, offered, offered_size);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

struct Leaf {
    Certificate certificate;
    Clock::time_point made;
};

class MemoryCa : public RunCa {
public:
    MemoryCa(SslContext context, Key key, Key leaf_key, Certificate certificate, std::string pem)
        : context_(std::move(context)), key_(std::move(key)), leaf_key_(std::move(leaf_key)),
          certificate_(std::move(certificate)), pem_(std::move(pem)) {}

    const std::string& pem() const override { return pem_; }

    asio::awaitable<Result<std::unique_ptr<Stream>>> accept(std::unique_ptr<Stream> client, std::string host) override {
        auto ssl = session(host);
        if (!ssl) co_return std::unexpected(std::move(ssl).error());
        const auto executor = co_await asio::this_coro::executor;
        auto stream = std::make_unique<TlsStream>(executor, std::move(client), std::move(*ssl));
        const auto shaken = co_await stream->shake_hands();
        CO_CHECK(shaken);
        co_return std::unique_ptr<Stream>(std::move(stream));
    }

private:
    Result<Ssl> session(const std::string& host) {
        auto* const certificate = TRY(leaf(host));
        Ssl ssl(SSL_new(context_.get()));
        if (!ssl || SSL_use_certificate(ssl.get(), certificate) != 1 ||
            SSL_use_PrivateKey(ssl.get(), leaf_key_.get()) != 1)
            return fail_tls(nullptr, "a TLS session cannot be made");
        SSL_set_accept_state(ssl.get());
        return ssl;
    }

    Result<X509*> leaf(const std::string& host) {
        const auto now = Clock::now();
        const auto at = leaves_.find(host);
        if (at != leaves_.end() && now - at->second.made < kLeafFresh) return at->second.certificate.get();
        if (leaves_.size() >= kLeaves) leaves_.clear(); // sessions keep theirs
        auto made = TRY(make_leaf(host, leaf_key_.get(), certificate_.get(), key_.get(), kLeafLife));
        return (leaves_[host] = {std::move(made), now}).certificate.get();
    }

    SslContext context_;
    Key key_, leaf_key_; // all leaves have one key: it is as secret, and as short-lived, as the CA's own
    Certificate certificate_;
    std::string pem_;
    std::map<std::string, Leaf> leaves_;
};

} // namespace

Result<std::shared_ptr<RunCa>> RunCa::make(const std::string& run, int days) {
    auto context = bare_context(TLS_server_method());
    if (!context) return fail_tls(nullptr, "TLS cannot be set up");
    SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
    SSL_CTX_set_max_early_data(context.get(), 0);
    auto key = TRY(make_key());
    auto leaf_key = TRY(make_key());
    auto certificate = TRY(make_authority("owhaled, run " + run, key.get(), kDay * days));
    auto pem = TRY(to_pem(certificate.get()));
    return std::make_shared<MemoryCa>(std::move(context), std::move(key), std::move(leaf_key), std::move(certificate),
                                      std::move(pem));
}

} // namespace owhale::egress
