#include "place.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "checks.hpp"
#include "egress/dns_message.hpp"
#include "sandbox/host_rule.hpp"
#include "shared/host_text.hpp"

namespace owhale::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    return at;
}

Fd bound(int type, std::uint16_t& port) {
    Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    auto at = loopback(0);
    socklen_t size = sizeof at;
    REQUIRE_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    if ((type & 0xf) == SOCK_STREAM) REQUIRE_EQ(::listen(fd.get(), 4096), 0);
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size);
    port = ntohs(at.sin_port);
    return fd;
}

void set_deadline(int fd, int seconds) {
    const timeval time{seconds, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

bool readable(int fd, int ms) {
    pollfd one{fd, POLLIN, 0};
    return ::poll(&one, 1, ms) > 0;
}

} // namespace

Client::Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    set_deadline(fd_.get(), 3);
    const auto at = loopback(port);
    REQUIRE_EQ(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
}
bool Client::send(const std::string& bytes) {
    return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}
std::string Client::read(std::size_t count) {
    while (rest_.size() < count) {
        char buffer[65536];
        const auto got = ::recv(fd_.get(), buffer, sizeof buffer, 0);
        if (got <= 0) break;
        rest_.append(buffer, static_cast<std::size_t>(got));
    }
    const auto out = rest_.substr(0, count);
    rest_.erase(0, count);
    return out;
}
std::string Client::read_until(const std::string& end) {
    while (rest_.find(end) == std::string::npos) {
        char buffer[4096];
        const auto got = ::recv(fd_.get(), buffer, sizeof buffer, 0);
        if (got <= 0) return std::exchange(rest_, {});
        rest_.append(buffer, static_cast<std::size_t>(got));
    }
    const auto at = rest_.find(end) + end.size();
    const auto out = rest_.substr(0, at);
    rest_.erase(0, at);
    return out;
}
bool Client::ended() {
    char byte = 0;
    const auto got = ::recv(fd_.get(), &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}
void Client::end_writing() {
    ::shutdown(fd_.get(), SHUT_WR);
}

Server::Server(std::string greeting) : listener_(bound(SOCK_STREAM, port_)), greeting_(std::move(greeting)) {
    accepting_ = std::thread([this] {
        while (!stop_) {
            if (!readable(listener_.get(), 50)) continue;
            const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
            if (client < 0) continue;
            ++connections_;
            threads_.emplace_back([this, client] { serve(client); });
        }
    });
}
void Server::serve(int client) {
    const Fd fd(client);
    if (!greeting_.empty()) (void)::send(client, greeting_.data(), greeting_.size(), MSG_NOSIGNAL);
    char buffer[65536];
    while (!stop_) {
        if (!readable(client, 50)) continue;
        const auto got = ::recv(client, buffer, sizeof buffer, 0);
        if (got <= 0) return;
        (void)::send(client, buffer, static_cast<std::size_t>(got), MSG_NOSIGNAL);
    }
}
Server::~Server() {
    stop_ = true;
    accepting_.join();
    for (auto& thread : threads_) thread.join();
}

Quiet::Quiet() : listener(bound(SOCK_STREAM, port)) {}

NameServer::NameServer() : socket_(bound(SOCK_DGRAM, port_)), thread_([this] { serve(); }) {}
NameServer::~NameServer() {
    const auto at = loopback(port_);
    const Fd stop(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ::sendto(stop.get(), "", 0, 0, reinterpret_cast<const sockaddr*>(&at), sizeof at);
    thread_.join();
}
void NameServer::set(const std::string& name, const std::string& address) {
    const std::lock_guard lock(mutex_);
    table_[name] = address;
}
std::set<std::string> NameServer::asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
}
void NameServer::serve() {
    for (;;) {
        char buffer[1024];
        sockaddr_in from{};
        socklen_t size = sizeof from;
        const auto got = ::recvfrom(socket_.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
        if (got <= 0) return;
        const auto read = egress::read_dns_query({buffer, static_cast<std::size_t>(got)});
        if (!read.query) continue;
        egress::DnsAnswer answer{egress::DnsCode::no_name, {}, {}};
        {
            const std::lock_guard lock(mutex_);
            asked_.insert(read.query->name);
            if (const auto known = table_.find(read.query->name); known != table_.end()) {
                answer.code = egress::DnsCode::ok;
                const auto address = boost::asio::ip::make_address(known->second);
                if (address.is_v4() == (read.query->type == egress::kDnsA)) answer.address = address;
            }
        }
        const auto bytes = egress::write_dns_answer(*read.query, answer);
        ::sendto(socket_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
}

Place::Place(std::vector<std::string> rules, std::function<void(sandbox::NetRun&)> change,
             std::vector<std::uint16_t> own) {
    settings_.egress = "on";
    settings_.dns = "127.0.0.1:" + std::to_string(names.port());
    settings_.max_connections = 64;
    egress::Parts parts{io_.get_executor(), settings_, &asking, nullptr, {}, {}};
    for (const auto port : own) parts.own.push_back({{}, port});
    egress_ = std::make_unique<egress::Egress>(std::move(parts));
    egress_->on_line = [this](std::uint64_t, std::string line) {
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::move(line));
    };
    auto run = std::make_shared<sandbox::NetRun>();
    run->number = 1;
    run->id = "run-1";
    run->most_at_once = 1024;
    for (const auto& text : rules) {
        auto rule = parse_host(text);
        if (rule) rule = sandbox::checked(*std::move(rule));
        REQUIRE_MESSAGE(rule, text);
        rule->from = "request";
        run->scope.hosts.push_back(*rule);
    }
    if (change) change(*run);
    auto prepared = egress_->prepare(run);
    REQUIRE(prepared);
    cage = *prepared;
    wire::RunNetwork facts{};
    facts.have = 7;
    std::vector<Fd> pieces;
    std::uint16_t tcp_dns = 0;
    pieces.push_back(bound(SOCK_STREAM | SOCK_NONBLOCK, proxy));
    pieces.push_back(bound(SOCK_DGRAM | SOCK_NONBLOCK, dns));
    pieces.push_back(bound(SOCK_STREAM | SOCK_NONBLOCK, tcp_dns));
    egress_->open(1, facts, std::move(pieces), {});
    thread_ = std::thread([this] { io_.run(); });
}
Place::~Place() {
    close();
    work_.reset();
    boost::asio::post(io_, [this] { egress_.reset(); });
    thread_.join();
}
api::NetReport Place::report() {
    std::promise<api::NetReport> told;
    boost::asio::post(io_, [&] { told.set_value(egress_->report(1)); });
    return told.get_future().get();
}
api::NetReport Place::close() {
    std::promise<api::NetReport> told;
    boost::asio::post(io_, [&] { told.set_value(egress_->close(1)); });
    return told.get_future().get();
}
std::vector<std::string> Place::lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
}
std::string Place::row(const std::string& host) {
    for (const auto& row : report().hosts)
        if (row.host == host) return row.verdict + " " + row.rule;
    return "";
}
std::string Place::ask_dns(const std::string& query) {
    const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    set_deadline(fd.get(), 1);
    const auto at = loopback(dns);
    ::sendto(fd.get(), query.data(), query.size(), 0, reinterpret_cast<const sockaddr*>(&at), sizeof at);
    char buffer[1024];
    const auto got = ::recv(fd.get(), buffer, sizeof buffer, 0);
    return got < 0 ? "" : std::string(buffer, static_cast<std::size_t>(got));
}

} // namespace owhale::test
