#include "cli/tls.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

#include "cli/libssl.hpp"

namespace owhale::cli {
namespace {

constexpr std::chrono::seconds kHandshakeTimeout{10};
constexpr std::array<unsigned char, 9> kAlpn = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr std::size_t kChunk = 16384; // a record's most

std::unexpected<Error> failed(const LibSsl& ssl, const Host& host) {
    const char* reason = ssl.ERR_reason_error_string(ssl.ERR_get_error());
    return fail(Code::unreachable,
                host.url() + ": no TLS session: " + (reason != nullptr ? reason : "the other side ended it"),
                "is it owhaled with tls = on that listens there? Plain HTTP is http://");
}

bool is_address(const std::string& name) {
    std::array<unsigned char, 16> bytes{};
    return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

std::string hexadecimal(const unsigned char* bytes, std::size_t size) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < size; ++i) {
        out += kDigits[bytes[i] >> 4];
        out += kDigits[bytes[i] & 15];
    }
    return out;
}

// What one direction has in hand.
struct Bytes {
    std::array<char, kChunk> data{};
    std::size_t begin = 0, end = 0;
    bool empty() const { return begin == end; }
};

} // namespace

struct Tls::Session {
    const LibSsl& ssl;
    Fd tcp;
    SSL_CTX* context = nullptr;
    SSL* connection = nullptr;

    Session(const LibSsl& library, Fd fd) : ssl(library), tcp(std::move(fd)) {}
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() {
        if (connection != nullptr) ssl.SSL_free(connection);
        if (context != nullptr) ssl.SSL_CTX_free(context);
    }

    bool prepare(const Host& host, bool authorities) {
        context = ssl.SSL_CTX_new(ssl.TLS_client_method());
        if (context == nullptr) return false;
        ssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_3_VERSION, nullptr);
        ssl.SSL_CTX_ctrl(context, SSL_CTRL_MODE, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER,
                         nullptr);
        if (authorities) ssl.SSL_CTX_set_default_verify_paths(context); // without any, a fingerprint still does
        ssl.SSL_CTX_set_alpn_protos(context, kAlpn.data(), kAlpn.size());
        connection = ssl.SSL_new(context);
        return connection != nullptr && name(host) && ssl.SSL_set_fd(connection, tcp.get()) == 1;
    }

    // Whom the certificate must name, and (RFC 6066) whose we ask for.
    bool name(const Host& host) {
        if (is_address(host.name))
            return ssl.X509_VERIFY_PARAM_set1_ip_asc(ssl.SSL_get0_param(connection), host.name.c_str()) == 1;
        ssl.SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        ssl.SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                     const_cast<char*>(host.name.c_str()));
        return ssl.SSL_set1_host(connection, host.name.c_str()) == 1;
    }

    // POLLIN or POLLOUT: what the last call waits for; 0 when it failed.
    short wants(int result) const {
        switch (ssl.SSL_get_error(connection, result)) {
        case SSL_ERROR_WANT_READ:
            return POLLIN;
        case SSL_ERROR_WANT_WRITE:
            return POLLOUT;
        default:
            return 0;
        }
    }

    bool handshake() {
        const auto end = std::chrono::steady_clock::now() + kHandshakeTimeout;
        for (;;) {
            ssl.ERR_clear_error();
            const int result = ssl.SSL_connect(connection);
            if (result == 1) return true;
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
            pollfd one{tcp.get(), wants(result), 0};
            if (one.events == 0 || left <= 0 || ::poll(&one, 1, static_cast<int>(left)) <= 0) return false;
        }
    }

    Certificate certificate() const {
        Certificate found;
        X509* shown = ssl.SSL_get1_peer_certificate(connection);
        if (shown == nullptr) return found;
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned size = 0;
        ssl.X509_digest(shown, ssl.EVP_sha256(), digest.data(), &size);
        ssl.X509_free(shown);
        found.fingerprint = "SHA256:" + hexadecimal(digest.data(), size);
        const long verdict = ssl.SSL_get_verify_result(connection);
        found.vouched = verdict == X509_V_OK;
        if (!found.vouched) found.doubt = ssl.X509_verify_cert_error_string(verdict);
        return found;
    }

    // --- the thread: bytes both ways, until either side has closed

    Fd inner;
    Bytes out, in; // to owhaled, from it
    bool closed = false, moved = false;
    short wanted = 0; // of the TCP socket

    void carry() {
        for (;;) {
            moved = false;
            wanted = 0;
            take_from_inner();
            send_out();
            if (!closed) receive();
            give_to_inner();
            if (closed) break;
            if (!moved) wait();
        }
        ssl.SSL_shutdown(connection);
    }

    void take_from_inner() {
        if (!out.empty()) return;
        const auto count = ::recv(inner.get(), out.data.data(), out.data.size(), MSG_DONTWAIT);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) closed = true;
        if (count <= 0) return;
        out.begin = 0;
        out.end = static_cast<std::size_t>(count);
        moved = true;
    }

    void send_out() {
        while (!out.empty() && !closed) {
            ssl.ERR_clear_error();
            const int result =
                ssl.SSL_write(connection, out.data.data() + out.begin, static_cast<int>(out.end - out.begin));
            if (result <= 0) return blocked(result);
            out.begin += static_cast<std::size_t>(result);
            moved = true;
        }
    }

    void receive() {
        if (!in.empty()) return;
        ssl.ERR_clear_error();
        const int result = ssl.SSL_read(connection, in.data.data(), static_cast<int>(in.data.size()));
        if (result <= 0) return blocked(result);
        in.begin = 0;
        in.end = static_cast<std::size_t>(result);
        moved = true;
    }

    void give_to_inner() {
        if (in.empty()) return;
        const auto count =
            ::send(inner.get(), in.data.data() + in.begin, in.end - in.begin, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN && errno != EINTR) closed = true;
        if (count <= 0) return;
        in.begin += static_cast<std::size_t>(count);
        moved = true;
    }

    void blocked(int result) {
        const short events = wants(result);
        if (events == 0) closed = true;
        wanted = static_cast<short>(wanted | events);
    }

    void wait() {
        const short inner_events = static_cast<short>((out.empty() ? POLLIN : 0) | (in.empty() ? 0 : POLLOUT));
        std::array<pollfd, 2> both = {pollfd{tcp.get(), wanted, 0}, pollfd{inner.get(), inner_events, 0}};
        ::poll(both.data(), both.size(), -1);
    }
};

Tls::Tls(std::unique_ptr<Session> session) : session_(std::move(session)) {}
Tls::Tls(Tls&&) noexcept = default;
Tls::~Tls() = default;

Result<Tls> Tls::connect(Fd tcp, const Host& host, bool authorities) {
    const auto* library = TRY(libssl());
    auto session = std::make_unique<Session>(*library, std::move(tcp));
    if (!session->prepare(host, authorities) || !session->handshake()) return failed(*library, host);
    Tls made(std::move(session));
    made.certificate_ = made.session_->certificate();
    return made;
}

Result<Fd> Tls::run() && {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return fail_errno("socketpair");
    Fd ours(ends[0]);
    session_->inner = Fd(ends[1]);
    // Signals are for the thread that waits for them.
    sigset_t all{}, former{};
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &former);
    std::thread([session = std::move(session_)] { session->carry(); }).detach();
    ::pthread_sigmask(SIG_SETMASK, &former, nullptr);
    return ours;
}

} // namespace owhale::cli
