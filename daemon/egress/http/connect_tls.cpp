// TLS as a client: whom the system trusts, as of owhaled's start.
#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstdlib>
#include <openssl/x509v3.h>

#include "egress/http/run_ca.hpp"
#include "egress/http/tls_error.hpp"
#include "egress/http/tls_stream.hpp"

namespace owhale::egress {
using namespace http;

namespace {

namespace asio = boost::asio;

constexpr const char* kBundle = "/etc/ssl/certs/ca-certificates.crt"; // update-ca-certificates(8) writes it
constexpr const char* kNoCas =
    "Install ca-certificates, or name a bundle in owhaled's own environment (SSL_CERT_FILE), "
    "and restart owhaled.";

SslContext& client_context() {
    static SslContext context;
    return context;
}

// A name is verified as a name and sent as SNI; an address is verified as an address, and SNI knows none (RFC 6066).
bool set_peer(SSL* ssl, const std::string& host) {
    boost::system::error_code no_address;
    asio::ip::make_address(host, no_address);
    if (!no_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

Result<Ssl> client_session(const std::string& host) {
    if (!client_context())
        return fail(Code::unreachable, "owhaled knows no CA, so that no TLS server can be verified", kNoCas);
    Ssl ssl(SSL_new(client_context().get()));
    if (!ssl || !set_peer(ssl.get(), host)) return fail_tls(nullptr, "a TLS session cannot be made");
    SSL_set_connect_state(ssl.get());
    return ssl;
}

bool speaks_http11(SSL* ssl) {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl, &name, &size);
    return size == 0 || std::string_view(reinterpret_cast<const char*>(name), size) == "http/1.1";
}

} // namespace

Status load_system_cas() {
    static constexpr unsigned char kProtocols[] = "\x08http/1.1";
    client_context().reset();
    const char* const named =
        std::getenv("SSL_CERT_FILE"); // of whoever starts owhaled, as of all programs of OpenSSL's
    const std::string bundle = named != nullptr && *named != '\0' ? named : kBundle;
    auto context = bare_context(TLS_client_method());
    if (!context) return fail_tls(nullptr, "TLS cannot be set up");
    if (SSL_CTX_load_verify_file(context.get(), bundle.c_str()) != 1) {
        auto failed = fail_tls(nullptr, "no CA can be read from " + bundle);
        failed.error().next = kNoCas;
        return failed;
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_alpn_protos(context.get(), kProtocols, sizeof kProtocols - 1);
    client_context() = std::move(context);
    return {};
}

asio::awaitable<Result<std::unique_ptr<Stream>>> connect_tls(std::unique_ptr<Stream> server, std::string host) {
    auto ssl = client_session(host);
    if (!ssl) co_return std::unexpected(std::move(ssl).error());
    auto* const raw = ssl->get();
    const auto executor = co_await asio::this_coro::executor;
    auto stream = std::make_unique<TlsStream>(executor, std::move(server), std::move(*ssl));
    auto shaken = co_await stream->shake_hands();
    if (!shaken) {
        shaken.error().message = host + ": " + shaken.error().message;
        co_return std::unexpected(std::move(shaken.error()));
    }
    if (!speaks_http11(raw)) co_return fail(Code::unreachable, host + " insists on another protocol than http/1.1");
    co_return std::unique_ptr<Stream>(std::move(stream));
}

} // namespace owhale::egress
