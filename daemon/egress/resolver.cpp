#include "egress/resolver.hpp"

#include <algorithm>
#include <ares.h>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <map>
#include <netdb.h>
#include <netinet/in.h>
#include <sstream>
#include <sys/stat.h>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/host_name.hpp"
#include "base/log.hpp"

namespace owhale::egress {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using namespace std::chrono_literals;

constexpr auto kDeadline = 5s;
constexpr int kTryMs = 1000, kTries = 3;                                    // c-ares doubles the wait with each try
constexpr std::int64_t kShortestTtl = 5, kLongestTtl = 300, kFailedTtl = 2; // seconds
constexpr std::size_t kMostKept = 4096, kMostUnderWay = 512;
constexpr const char* kResolvConf = "/etc/resolv.conf";

struct Lookup { // shared by the query, which ends when c-ares says so, and by those who wait for it
    explicit Lookup(const asio::any_io_executor& executor) : done(executor) {
        done.expires_at(asio::steady_timer::time_point::max());
    }
    asio::steady_timer done;
    bool ended = false;
    int status = ARES_ECANCELLED;
    Addresses addresses;
    std::int64_t ttl = kLongestTtl;
};

struct Kept {
    Addresses addresses; // none: the lookup failed with `status`
    int status = ARES_SUCCESS;
    std::int64_t until = 0; // monotonic
};

asio::ip::address address_of(const ares_addrinfo_node& node) {
    if (node.ai_family == AF_INET)
        return asio::ip::address_v4(ntohl(reinterpret_cast<const sockaddr_in*>(node.ai_addr)->sin_addr.s_addr));
    asio::ip::address_v6::bytes_type bytes;
    std::ranges::copy(reinterpret_cast<const sockaddr_in6*>(node.ai_addr)->sin6_addr.s6_addr, bytes.begin());
    const asio::ip::address_v6 six(bytes);
    // One spelling for one host: a mapped address would be judged as IPv4 and connected to as IPv6.
    return six.is_v4_mapped() ? asio::ip::address(asio::ip::make_address_v4(asio::ip::v4_mapped, six))
                              : asio::ip::address(six);
}

std::unexpected<Error> not_found(const std::string& name, int status) {
    const bool none = status == ARES_ENOTFOUND || status == ARES_ENODATA;
    return fail(Code::unreachable,
                name + (none ? " has no address" : std::string(" cannot be looked up: ") + ::ares_strerror(status)),
                none ? "check the spelling; owhaled asks this machine's own resolvers"
                     : "see that the resolvers in /etc/resolv.conf (or the setting dns) answer");
}

class Cares final : public Resolver, public std::enable_shared_from_this<Cares> {
public:
    Cares(asio::any_io_executor executor, std::string servers)
        : executor_(std::move(executor)), servers_(std::move(servers)), timer_(executor_) {}
    ~Cares() override { end(); }

    awaitable<Result<Addresses>> find(std::string name) override;
    void reload() override {
        kept_.clear();
        end();
    }

private:
    struct Watch {
        explicit Watch(const asio::any_io_executor& executor) : descriptor(executor) {}
        asio::posix::stream_descriptor descriptor;
        bool reads = false, writes = false; // what c-ares wants
        bool waits_read = false, waits_write = false;
        bool gone = false;
    };
    using Shared = std::shared_ptr<Watch>;

    Status begin();
    void end();
    void follow_resolv_conf();
    void use_servers(const std::string& list);
    std::shared_ptr<Lookup> ask(const std::string& name);
    void keep(const std::string& name, const Lookup& lookup);
    static void on_socket(void* self, ares_socket_t fd, int readable, int writable);
    static void on_answer(void* data, int status, int timeouts, ares_addrinfo* info);
    void watch(ares_socket_t fd, bool readable, bool writable);
    void arm(const Shared& watch, bool reading);
    void process(ares_socket_t readable, ares_socket_t writable);
    void set_timer();

    asio::any_io_executor executor_;
    std::string servers_; // of the setting
    asio::steady_timer timer_;
    ares_channel channel_ = nullptr;
    std::map<ares_socket_t, Shared> watches_;
    std::map<std::string, std::shared_ptr<Lookup>> under_way_;
    std::map<std::string, Kept> kept_;
    std::int64_t looked_ = 0; // when resolv.conf was
    std::string stamp_, in_use_;
};

Status Cares::begin() {
    if (channel_ != nullptr) return {};
    static const int library = ::ares_library_init(ARES_LIB_INIT_ALL);
    ares_options options{};
    options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
    options.timeout = kTryMs;
    options.tries = kTries;
    char lookups[] = "fb"; // files, then the DNS
    options.lookups = lookups;
    options.sock_state_cb = on_socket;
    options.sock_state_cb_data = this;
    const int status = library != ARES_SUCCESS
                           ? library
                           : ::ares_init_options(&channel_, &options,
                                                 ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                                     ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
    if (status == ARES_SUCCESS) return {};
    channel_ = nullptr;
    return fail(Code::internal, std::string("the resolver does not start: ") + ::ares_strerror(status));
}

void Cares::end() {
    if (channel_ != nullptr) ::ares_destroy(channel_); // answers every lookup under way
    channel_ = nullptr;
    timer_.cancel();
    in_use_.clear();
    stamp_.clear();
    looked_ = 0;
}

void Cares::use_servers(const std::string& list) {
    if (list == in_use_ || list.empty()) return;
    if (::ares_set_servers_ports_csv(channel_, list.c_str()) != ARES_SUCCESS)
        return log::warning("the DNS servers cannot be used", {{"servers", list}});
    in_use_ = list;
}

// Laptops change their network: the file is looked at again, every few seconds at most.
void Cares::follow_resolv_conf() {
    if (!servers_.empty()) return use_servers(servers_);
    const auto now = monotonic_ns();
    if (looked_ != 0 && now - looked_ < 2'000'000'000) return;
    looked_ = now;
    struct stat st{};
    if (::stat(kResolvConf, &st) != 0) return;
    const auto stamp =
        std::to_string(st.st_ino) + "." + std::to_string(st.st_mtim.tv_sec) + "." + std::to_string(st.st_mtim.tv_nsec);
    if (stamp == stamp_) return;
    stamp_ = stamp;
    const auto text = read_file(kResolvConf, 65536);
    if (!text)
        return log::warning("/etc/resolv.conf has changed and cannot be read any more: restart owhaled, or name the "
                            "servers in the setting dns");
    use_servers(servers_of(*text));
}

void Cares::on_socket(void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<Cares*>(self)->watch(fd, readable != 0, writable != 0);
}

void Cares::watch(ares_socket_t fd, bool readable, bool writable) {
    auto known = watches_.find(fd);
    if (!readable && !writable) { // c-ares closes it next
        if (known == watches_.end()) return;
        known->second->gone = true;
        known->second->descriptor.release();
        watches_.erase(known);
        return;
    }
    if (known == watches_.end()) {
        auto made = std::make_shared<Watch>(executor_);
        boost::system::error_code error;
        made->descriptor.assign(fd, error);
        if (error) return; // its time runs out
        known = watches_.emplace(fd, std::move(made)).first;
    }
    known->second->reads = readable;
    known->second->writes = writable;
    if (readable) arm(known->second, true);
    if (writable) arm(known->second, false);
}

void Cares::arm(const Shared& watch, bool reading) {
    auto& waits = reading ? watch->waits_read : watch->waits_write;
    if (waits || watch->gone) return;
    waits = true;
    const auto kind = reading ? asio::posix::stream_descriptor::wait_read : asio::posix::stream_descriptor::wait_write;
    watch->descriptor.async_wait(kind, [weak = weak_from_this(), watch, reading](boost::system::error_code error) {
        (reading ? watch->waits_read : watch->waits_write) = false;
        const auto self = weak.lock();
        if (error || watch->gone || !self) return;
        const auto fd = watch->descriptor.native_handle();
        self->process(reading ? fd : ARES_SOCKET_BAD, reading ? ARES_SOCKET_BAD : fd);
        if (reading ? watch->reads : watch->writes) self->arm(watch, reading);
    });
}

void Cares::process(ares_socket_t readable, ares_socket_t writable) {
    if (channel_ == nullptr) return;
    ::ares_process_fd(channel_, readable, writable);
    set_timer();
}

void Cares::set_timer() {
    timeval until{};
    if (channel_ == nullptr || ::ares_timeout(channel_, nullptr, &until) == nullptr) return void(timer_.cancel());
    timer_.expires_after(std::chrono::seconds(until.tv_sec) + std::chrono::microseconds(until.tv_usec));
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        if (const auto self = weak.lock(); self && !error) self->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    });
}

void Cares::on_answer(void* data, int status, int, ares_addrinfo* info) {
    const std::unique_ptr<std::shared_ptr<Lookup>> owned(static_cast<std::shared_ptr<Lookup>*>(data));
    auto& lookup = **owned;
    lookup.status = status;
    for (auto* node = info == nullptr ? nullptr : info->nodes; node != nullptr; node = node->ai_next) {
        if (node->ai_family != AF_INET && node->ai_family != AF_INET6) continue;
        lookup.addresses.push_back(address_of(*node));
        lookup.ttl = std::min<std::int64_t>(lookup.ttl, node->ai_ttl);
    }
    if (info != nullptr) ::ares_freeaddrinfo(info);
    if (lookup.addresses.size() > 32) lookup.addresses.resize(32);
    std::ranges::stable_sort(lookup.addresses, {}, [](const auto& address) { return address.is_v6(); });
    lookup.ended = true;
    lookup.done.cancel();
}

std::shared_ptr<Lookup> Cares::ask(const std::string& name) {
    if (const auto known = under_way_.find(name); known != under_way_.end()) return known->second;
    if (under_way_.size() >= kMostUnderWay) return nullptr;
    auto lookup = std::make_shared<Lookup>(executor_);
    under_way_.emplace(name, lookup);
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_flags = ARES_AI_NOSORT;
    ::ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, on_answer, new std::shared_ptr<Lookup>(lookup));
    set_timer();
    return lookup;
}

void Cares::keep(const std::string& name, const Lookup& lookup) {
    if (kept_.size() >= kMostKept) kept_.clear();
    const auto seconds = lookup.addresses.empty() ? kFailedTtl : std::clamp(lookup.ttl, kShortestTtl, kLongestTtl);
    kept_[name] = {lookup.addresses, lookup.status, monotonic_ns() + seconds * 1'000'000'000};
}

awaitable<Result<Addresses>> Cares::find(std::string name) {
    const auto self = shared_from_this(); // a lookup outlives whoever lets go of the resolver
    if (const auto known = kept_.find(name); known != kept_.end() && known->second.until > monotonic_ns()) {
        if (known->second.addresses.empty()) co_return not_found(name, known->second.status);
        co_return known->second.addresses;
    }
    CO_CHECK(begin());
    follow_resolv_conf();
    const auto lookup = ask(name);
    if (!lookup) co_return fail(Code::busy, "too many names are being looked up", "try again in a moment");
    asio::steady_timer deadline(executor_, kDeadline);
    deadline.async_wait([lookup](boost::system::error_code error) {
        if (!error) lookup->done.cancel();
    });
    boost::system::error_code ignored;
    if (!lookup->ended) co_await lookup->done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (const auto here = under_way_.find(name); here != under_way_.end() && here->second == lookup) {
        under_way_.erase(here);
        if (lookup->ended && lookup->status != ARES_ECANCELLED && lookup->status != ARES_EDESTRUCTION)
            keep(name, *lookup);
    }
    if (!lookup->ended) co_return not_found(name, ARES_ETIMEOUT);
    if (lookup->addresses.empty())
        co_return not_found(name, lookup->status == ARES_SUCCESS ? ARES_ENODATA : lookup->status);
    co_return lookup->addresses;
}

} // namespace

std::shared_ptr<Resolver> Resolver::make(asio::any_io_executor executor, std::string servers) {
    return std::make_shared<Cares>(std::move(executor), std::move(servers));
}

Result<std::string> read_servers(const std::string& setting) {
    std::istringstream words(setting);
    std::string out;
    for (std::string word; words >> word;) {
        const auto host = normal_host(word);
        const bool alone = host && as_address(*host);
        const auto with_port = read_host_port(word);
        if (!alone && (!with_port || !as_address(with_port->host)))
            return fail(Code::invalid_value, "\"" + word + "\" is no DNS server",
                        "addresses with a port where it is not 53: \"192.0.2.53 [2001:db8::53]:5353\"");
        out += (out.empty() ? "" : ",") + (alone ? to_text(*host, 53) : to_text(with_port->host, with_port->port));
    }
    return out;
}

std::string servers_of(const std::string& resolv_conf) {
    std::istringstream lines(resolv_conf);
    std::string out;
    int count = 0;
    for (std::string line; count < 3 && std::getline(lines, line);) {
        std::istringstream words(line);
        std::string key, server;
        if (!(words >> key >> server) || key != "nameserver") continue;
        const auto address = as_address(server.substr(0, server.find('%')));
        if (!address || server.find('%') != std::string::npos) continue;
        out += (out.empty() ? "" : ",") + to_text(address->to_string(), 53);
        ++count;
    }
    return out;
}

} // namespace owhale::egress
