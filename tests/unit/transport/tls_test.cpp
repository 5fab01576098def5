#include "transport/tls.hpp"

#include <csignal>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "client.hpp"
#include "transport/certificate.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::transport;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> kNames = {"localhost", "box.example", "127.0.0.1", "::1"};

Credentials own_pair() {
    return make_own_pair(kNames).value().credentials;
}

std::unique_ptr<Tls> made() {
    std::signal(SIGPIPE, SIG_IGN); // as the daemon does
    Tls::prepare();
    return Tls::make(own_pair()).value();
}

struct Setup {
    int least = 0, most = 0;
    const char* alpn = nullptr;
    const char* ciphers = nullptr; // of TLS 1.2
};

// A TLS client over the test's end of the pair.
class Secure {
public:
    Secure(Client client, const Setup& setup = {}) : client_(std::move(client)) {
        context_.reset(SSL_CTX_new(TLS_client_method()));
        if (setup.least != 0) SSL_CTX_set_min_proto_version(context_.get(), setup.least);
        if (setup.most != 0) SSL_CTX_set_max_proto_version(context_.get(), setup.most);
        ssl_.reset(SSL_new(context_.get()));
        if (setup.alpn != nullptr)
            SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(setup.alpn),
                                static_cast<unsigned>(std::string_view(setup.alpn).size()));
        ::fcntl(client_.fd(), F_SETFL, O_NONBLOCK);
        SSL_set_fd(ssl_.get(), client_.fd());
    }

    bool shake_hands() {
        return turn([&] { return SSL_connect(ssl_.get()); }) == 1;
    }
    bool send(std::string_view bytes) {
        return turn([&] { return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())); }) > 0;
    }
    std::string receive(const std::function<bool(const std::string&)>& enough) {
        std::string text;
        while (!enough(text)) {
            char chunk[4096];
            const int got = turn([&] { return SSL_read(ssl_.get(), chunk, sizeof chunk); });
            if (got <= 0) break;
            text.append(chunk, static_cast<std::size_t>(got));
        }
        return text;
    }
    std::string receive(std::size_t least) {
        return receive([least](const std::string& text) { return text.size() >= least; });
    }
    std::string ask(std::string_view bytes) {
        send(bytes);
        return receive(1);
    }
    SSL* ssl() { return ssl_.get(); }
    Client& client() { return client_; }

private:
    int turn(const std::function<int()>& step) {
        int result = 0;
        bool over = false; // until() asks once more than it has to
        client_.stage().until([&] {
            if (over) return true;
            ERR_clear_error();
            result = step();
            const int why = SSL_get_error(ssl_.get(), result);
            over = result > 0 || (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE);
            return over;
        });
        return result;
    }

    struct Free {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };
    Client client_;
    std::unique_ptr<SSL_CTX, Free> context_;
    std::unique_ptr<SSL, Free> ssl_;
};

Stage::Setup with(Tls& tls, Limits limits = {}) {
    return {limits, {}, &tls, {}, {}};
}

} // namespace

TEST_CASE("a request over TLS 1.3, and many on one connection") {
    const auto tls = made();
    Stage stage({}, with(*tls));
    Secure client(stage.connect_tcp());
    REQUIRE(client.shake_hands());
    CHECK_EQ(std::string(SSL_get_version(client.ssl())), "TLSv1.3");
    for (int i = 0; i < 20; ++i) CHECK(holds(client.ask(get("/v1/health")), R"({"status":"ok"})"));
    const std::string large(200'000, 'x');
    client.send(post("/v1/runs", large, "Authorization: Bearer alice\r\n"));
    const auto echoed = client.receive([&](const std::string& text) { return text.ends_with(large); });
    CHECK(echoed.ends_with(large));
}

TEST_CASE("TLS is for TCP alone, and plain HTTP at its port is told so") {
    const auto tls = made();
    Stage stage({}, with(*tls));
    auto local = stage.connect();
    CHECK(status_is(local.ask(get("/v1/health")), 200));
    auto plain = stage.connect_tcp();
    const auto answer = plain.ask(get("/v1/health"));
    CHECK(status_is(answer, 400));
    CHECK(holds(answer, "speaks TLS"));
    CHECK(holds(answer, "https://"));
    ::shutdown(plain.fd(), SHUT_WR);
    CHECK(plain.at_end());
    auto noise = stage.connect_tcp();
    noise.send(std::string("\0\1\2\3", 4));
    CHECK(noise.receive([](const std::string&) { return false; }).empty());
}

TEST_CASE("TLS 1.2 is refused, renegotiation and early data do not exist") {
    const auto tls = made();
    Stage stage({}, with(*tls));
    Secure old(stage.connect_tcp(), {.most = TLS1_2_VERSION});
    CHECK_FALSE(old.shake_hands());
    Secure client(stage.connect_tcp());
    REQUIRE(client.shake_hands());
    CHECK_EQ(SSL_renegotiate(client.ssl()), 0);
    CHECK(status_is(client.ask(get("/v1/health")), 200));
    CHECK_EQ(SSL_SESSION_get_max_early_data(SSL_get0_session(client.ssl())), 0);
    CHECK_EQ(SSL_SESSION_has_ticket(SSL_get0_session(client.ssl())), 0);
}

TEST_CASE("a client may change its keys at any time") {
    const auto tls = made();
    Stage stage({}, with(*tls));
    Secure client(stage.connect_tcp());
    REQUIRE(client.shake_hands());
    for (int i = 0; i < 5; ++i) {
        REQUIRE_EQ(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
        CHECK(status_is(client.ask(get("/v1/health")), 200));
    }
}

TEST_CASE("ALPN: http/1.1, or no connection") {
    const auto tls = made();
    Stage stage({}, with(*tls));
    Secure good(stage.connect_tcp(), {.alpn = "\x02h2\x08http/1.1"});
    REQUIRE(good.shake_hands());
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(good.ssl(), &chosen, &size);
    CHECK_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");
    Secure other(stage.connect_tcp(), {.alpn = "\x02h2"});
    CHECK_FALSE(other.shake_hands());
}

TEST_CASE("a handshake has its time, and there are only so many at once") {
    const auto tls = made();
    Stage stage({}, with(*tls, {.max_handshakes = 2, .handshake_timeout = 50ms}));
    auto silent = stage.connect_tcp();
    CHECK(silent.at_end());
    auto half = stage.connect_tcp();
    half.send("\x16\x03\x01\x02");
    CHECK(half.at_end());
    auto first = stage.connect_tcp(), second = stage.connect_tcp();
    first.send("\x16\x03\x01\x02");
    second.send("\x16\x03\x01\x02");
    stage.settle();
    Secure third(stage.connect_tcp());
    CHECK_FALSE(third.shake_hands());
    CHECK(first.at_end());
    CHECK(second.at_end());
    Secure later(stage.connect_tcp());
    CHECK(later.shake_hands());
}

TEST_CASE("a client that goes in the middle of a record or a handshake costs its connection alone") {
    const auto tls = made();
    Stage stage({}, with(*tls));
    {
        Secure gone(stage.connect_tcp());
        REQUIRE(gone.shake_hands());
        gone.client().send("\x17\x03\x03\x40");
    }
    Secure broken(stage.connect_tcp());
    REQUIRE(broken.shake_hands());
    broken.client().send(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x')); // no valid record
    CHECK(stage.until([&] { return stage.closed.size() == 2; }));
    Secure good(stage.connect_tcp());
    REQUIRE(good.shake_hands());
    CHECK(status_is(good.ask(get("/v1/health")), 200));
}

TEST_CASE("a client that goes while its handler works is told to the handler over TLS too") {
    const auto tls = made();
    Stage stage({}, with(*tls));
    {
        Secure client(stage.connect_tcp());
        REQUIRE(client.shake_hands());
        client.send(get("/v1/runs/x/wait", "Authorization: Bearer alice\r\n"));
        REQUIRE(stage.until([&] { return stage.waits_begun == 1; }));
        SSL_shutdown(client.ssl());
    }
    CHECK(stage.until([&] { return stage.waits_cut == 1 && stage.closed.size() == 1; }));
}

TEST_CASE("a new certificate is for new connections, a broken one changes nothing") {
    const auto tls = made();
    Stage stage({}, with(*tls));
    Secure old(stage.connect_tcp());
    REQUIRE(old.shake_hands());
    const auto fingerprint = [](Secure& client) {
        const Certificate certificate(SSL_get1_peer_certificate(client.ssl()));
        return fingerprint_of(certificate.get());
    };
    const auto before = tls->fingerprint();
    CHECK_EQ(fingerprint(old), before);
    const auto one = own_pair(), two = own_pair();
    CHECK_FALSE(tls->replace({one.certificate, two.key}).has_value());
    CHECK_FALSE(tls->replace({"", ""}).has_value());
    CHECK_FALSE(tls->replace({one.certificate, one.certificate}).has_value());
    CHECK_FALSE(tls->replace({one.certificate.substr(0, 200), one.key}).has_value());
    CHECK_EQ(tls->fingerprint(), before);
    REQUIRE(tls->replace(one).has_value());
    CHECK_NE(tls->fingerprint(), before);
    Secure fresh(stage.connect_tcp());
    REQUIRE(fresh.shake_hands());
    CHECK_EQ(fingerprint(fresh), tls->fingerprint());
    CHECK(status_is(old.ask(get("/v1/health")), 200));
}

TEST_CASE("the certificate that owhaled makes") {
    const auto credentials = own_pair();
    const auto pair = read_pair(credentials).value();
    auto* const certificate = pair.chain.front().get();
    CHECK_EQ(names_of(certificate), kNames);
    CHECK_EQ(doubt_about(certificate), "");
    CHECK_EQ(X509_check_host(certificate, "localhost", 0, 0, nullptr), 1);
    CHECK_EQ(X509_check_ip_asc(certificate, "::1", 0), 1);
    CHECK_EQ(X509_check_ca(certificate), 0);
    CHECK_EQ(EVP_PKEY_get_bits(pair.key.get()), 256);
    int days = 0, seconds = 0;
    ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate), X509_get0_notAfter(certificate));
    CHECK_EQ(days, 821); // Apple's devices take 825
    CHECK_EQ(end_of(certificate).size(), std::string_view("2029-02-25T00:00:00.000000Z").size());
    CHECK_NE(fingerprint_of(certificate), fingerprint_of(read_pair(own_pair()).value().chain.front().get()));
}

namespace {

using Store = std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)>;

// What a browser decides that has taken in `authority`.
int verdict(X509* authority, X509* certificate) {
    const Store store(X509_STORE_new(), X509_STORE_free);
    X509_STORE_add_cert(store.get(), authority);
    const StoreContext context(X509_STORE_CTX_new(), X509_STORE_CTX_free);
    X509_STORE_CTX_init(context.get(), store.get(), certificate, nullptr);
    X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
    X509_verify_cert(context.get());
    return X509_STORE_CTX_get_error(context.get());
}

} // namespace

TEST_CASE("the CA of that certificate: for its names alone, and nobody has its key") {
    const auto made = make_own_pair(kNames).value();
    const auto authority = read_certificate(made.authority).value();
    const auto pair = read_pair(made.credentials).value();
    auto* const certificate = pair.chain.front().get();
    CHECK_EQ(pair.chain.size(), 1);
    CHECK_EQ(X509_check_ca(authority.get()), 1);
    CHECK_EQ(X509_get_pathlen(authority.get()), 0);
    CHECK_EQ(verdict(authority.get(), certificate), X509_V_OK);
    // Not the certificate's own key: there is no other in what was made.
    CHECK_EQ(X509_check_private_key(authority.get(), pair.key.get()), 0);
    CHECK_EQ(made.authority.find("PRIVATE"), std::string::npos);
    const auto other = make_own_pair(kNames).value();
    const auto others = read_certificate(other.credentials.certificate).value();
    CHECK_NE(verdict(authority.get(), others.get()), X509_V_OK);
    CHECK(is_signed_by(certificate, authority.get()));
    CHECK_FALSE(is_signed_by(others.get(), authority.get())); // of the same name
    const std::unique_ptr<NAME_CONSTRAINTS, decltype(&NAME_CONSTRAINTS_free)> bounds(
        static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(authority.get(), NID_name_constraints, nullptr, nullptr)),
        NAME_CONSTRAINTS_free);
    REQUIRE(bounds);
    CHECK_EQ(sk_GENERAL_SUBTREE_num(bounds->permittedSubtrees), 4);
    CHECK_EQ(NAME_CONSTRAINTS_check(certificate, bounds.get()), X509_V_OK);
    const auto strange = make_own_pair({"bank.example", "192.0.2.1"}).value();
    const auto bank = read_certificate(strange.credentials.certificate).value();
    CHECK_EQ(X509_check_purpose(bank.get(), -1, 0), 1); // has its names read
    CHECK_NE(NAME_CONSTRAINTS_check(bank.get(), bounds.get()), X509_V_OK);
    CHECK_FALSE(read_certificate("-----BEGIN").has_value());
}

TEST_CASE("WebSocket over TLS") {
    const auto tls = made();
    const Route attach{"runs.attach", {}, [](Request&) -> asio::awaitable<Result<Stream>> {
                           co_return Stream([](Channel& channel) -> asio::awaitable<void> {
                               for (;;) {
                                   const auto message = co_await channel.read();
                                   if (!message || message->data == "end") co_return;
                                   const auto sent = co_await channel.write(1, std::span(message->data));
                                   if (!sent) co_return;
                               }
                           });
                       }};
    Stage stage({attach}, with(*tls));
    Secure client(stage.connect_tcp());
    REQUIRE(client.shake_hands());
    const auto answer = client.ask(get("/v1/runs/x/attach",
                                       "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer alice\r\n"
                                       "Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n"));
    INFO(answer);
    REQUIRE(status_is(answer, 101));
    const std::string data(60'000, 'x');
    std::string frame = "\x82\xfe";
    frame += static_cast<char>((data.size() + 1) >> 8);
    frame += static_cast<char>((data.size() + 1) & 0xff);
    frame += std::string(5, '\0') + data;
    for (int i = 0; i < 3; ++i) {
        CHECK(client.send(frame));
        CHECK(client.receive(data.size() + 5).ends_with(data));
    }
    client.send(std::string("\x82\x84\0\0\0\0\0end", 10));
    CHECK(client.receive(4).starts_with("\x88"));
    client.send(std::string("\x88\x82\0\0\0\0\x03\xe8", 8));
    CHECK(stage.until([&] { return stage.closed.size() == 1; }));
}
