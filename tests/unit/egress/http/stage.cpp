#include "stage.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "egress/socket_stream.hpp"

namespace stage {

namespace asio = boost::asio;
using owhale::Code;
using owhale::fail;
using owhale::Fd;
using owhale::Result;
using StreamOr = Result<std::unique_ptr<egress::Stream>>;

namespace {

std::pair<int, int> pair() {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) abort();
    const timeval limit{5, 0};
    ::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return {ends[0], ends[1]};
}

} // namespace

Gate::~Gate() {
    for (auto& thread : hosts_) thread.join();
}

asio::awaitable<Result<egress::Permit>> Gate::admit(egress::Target target) {
    admitted.push_back(target);
    if (allowed != "*" && target.host != allowed)
        co_return fail(Code::host_denied, target.host + " is not allowed", "--allow-host " + target.host);
    co_return egress::Permit{target, "hosts", 0};
}

StreamOr Gate::connect(const egress::Permit& permit, const std::string& how) {
    dialled.push_back(how + permit.target.host + ":" + std::to_string(permit.target.port));
    if (unreachable) return fail(Code::unreachable, "connection refused");
    const auto [far, near] = pair();
    hosts_.emplace_back([script = host, far] {
        script(far);
        ::close(far);
    });
    return egress::stream_over(io_.get_executor(), Fd(near), nullptr);
}

asio::awaitable<StreamOr> Gate::dial(const egress::Permit& permit) {
    co_return connect(permit, "");
}

asio::awaitable<StreamOr> Gate::dial_tls(const egress::Permit& permit) {
    co_return connect(permit, "tls ");
}

bool Gate::count(const egress::Permit&, std::uint64_t up, std::uint64_t down) {
    moved += up + down;
    return moved <= budget;
}

Stage::Stage(egress::Front front, egress::HttpDeadlines deadlines)
    : gate_(std::make_shared<Gate>(io_)), front_(std::move(front)), deadlines_(deadlines) {
    if (::sodium_init() < 0) abort();
    gate_->run_.id = "run-1";
    thread_ = std::thread([this] {
        const auto work = asio::make_work_guard(io_);
        io_.run();
    });
}

Stage::~Stage() {
    finish();
}

void Stage::finish() {
    if (!thread_.joinable()) return;
    for (const int client : clients_) ::shutdown(client, SHUT_RDWR);
    while (served_ != static_cast<int>(clients_.size())) std::this_thread::yield();
    for (const int client : clients_) ::close(client);
    clients_.clear();
    io_.stop();
    thread_.join();
}

int Stage::connect() {
    const auto [client, near] = pair();
    clients_.push_back(client);
    asio::post(io_, [this, near] {
        auto stream = egress::stream_over(io_.get_executor(), Fd(near), nullptr);
        if (!stream) abort();
        asio::co_spawn(io_, egress::serve_http(std::move(*stream), gate_, front_, deadlines_),
                       [this](const std::exception_ptr&) { ++served_; });
    });
    return client;
}

std::string Stage::ask(const std::string& request, bool end) {
    const int client = connect();
    send_all(client, request);
    if (end) ::shutdown(client, SHUT_WR);
    return read_all(client);
}

owhale::vault::RunSecret& Stage::add_secret() {
    owhale::vault::RunSecret secret;
    secret.name = "api-key";
    secret.placeholder = kPlaceholder;
    secret.header = "authorization";
    secret.prefix = "Bearer ";
    secret.hosts = {{"api.example.com", 443, {}, {}}};
    secret.open = []() -> Result<owhale::SecretBytes> { return owhale::SecretBytes(std::string_view(kValue)); };
    gate_->run_.secrets.push_back(std::move(secret));
    return gate_->run_.secrets.back();
}

void Stage::reply(std::string answer) {
    gate_->host = [this, answer = std::move(answer)](int socket) {
        for (;;) {
            auto request = read_message(socket);
            if (request.empty()) return;
            seen.push_back(std::move(request));
            send_all(socket, answer);
        }
    };
}

void send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string read_some(int socket) {
    std::string buffer(65536, '\0');
    const auto got = ::recv(socket, buffer.data(), buffer.size(), 0);
    buffer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return buffer;
}

std::string read_all(int socket) {
    std::string all;
    for (auto some = read_some(socket); !some.empty(); some = read_some(socket)) all += some;
    return all;
}

std::string read_until(int socket, std::string_view mark) {
    std::string all;
    char c = 0;
    while (!all.ends_with(mark) && ::recv(socket, &c, 1, 0) == 1) all += c;
    return all;
}

std::string read_message(int socket) {
    auto message = read_until(socket, "\r\n\r\n");
    if (const auto at = message.find("Content-Length: "); at != std::string::npos) {
        std::string body(std::stoul(message.substr(at + 16)), '\0');
        const auto got = body.empty() ? 0 : ::recv(socket, body.data(), body.size(), MSG_WAITALL);
        body.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        message += body;
    } else if (message.find("Transfer-Encoding: chunked") != std::string::npos) {
        message += read_until(socket, "0\r\n\r\n");
    }
    return message;
}

std::string ok(const std::string& body, const std::string& fields) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields + "\r\n" + body;
}

} // namespace stage
