// A run's network over real sockets of this machine's loopback: egress on a thread of its own, listeners in the place of the
// spawner's, servers to reach, a name server whose answers the test chooses.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "egress/egress.hpp"

namespace owhale::test {

// A blocking socket of the test's, with a deadline on every call.
class Client {
public:
    explicit Client(std::uint16_t port);
    bool send(const std::string& bytes);
    std::string read(std::size_t count); // fewer when it ends or nothing comes for 3 s
    std::string read_until(const std::string& end);
    bool ended(); // within 3 s
    void end_writing();

private:
    Fd fd_;
    std::string rest_;
};

class Server { // accepts and, by what it is told to be, echoes or greets
public:
    explicit Server(std::string greeting = "");
    ~Server();
    std::uint16_t port() const { return port_; }
    int connections() const { return connections_; }

private:
    void serve(int client);
    Fd listener_;
    std::uint16_t port_ = 0;
    std::string greeting_;
    std::atomic<int> connections_{0};
    std::atomic<bool> stop_{false};
    std::vector<std::thread> threads_;
    std::thread accepting_;
};

class NameServer { // answers A from its table, and remembers what it was asked
public:
    NameServer();
    ~NameServer();
    std::uint16_t port() const { return port_; }
    void set(const std::string& name, const std::string& address);
    std::set<std::string> asked();

private:
    void serve();
    Fd socket_;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    std::map<std::string, std::string> table_;
    std::set<std::string> asked_;
    std::thread thread_;
};

class FakeAsking : public egress::Asking {
public:
    boost::asio::awaitable<Result<egress::HostAnswer>> ask(const sandbox::NetRun&,
                                                           const egress::Target& target) override {
        asked.push_back(target.host);
        co_return egress::HostAnswer{target.host == "yes.test", "a1",
                                     target.host == "yes.test" ? "agreed" : "somebody said no"};
    }
    void forget(const std::string&) override { forgotten = true; }
    std::vector<std::string> asked;
    bool forgotten = false;
};

class Place {
public:
    // `change`: the run before it is prepared.
    explicit Place(std::vector<std::string> rules, std::function<void(sandbox::NetRun&)> change = {},
                   std::vector<std::uint16_t> own = {});
    ~Place();
    std::uint16_t proxy = 0, dns = 0;
    NameServer names;
    FakeAsking asking;
    api::NetReport report();
    api::NetReport close();
    std::vector<std::string> lines();
    // The row of this host, "" when there is none: "verdict rule".
    std::string row(const std::string& host);
    std::string ask_dns(const std::string& query);
    sandbox::CageNet cage;

private:
    config::Settings settings_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
    std::unique_ptr<egress::Egress> egress_;
    std::mutex mutex_;
    std::vector<std::string> lines_;
    std::thread thread_;
};

} // namespace owhale::test
