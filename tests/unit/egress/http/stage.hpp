// A run's HTTP connection on a stage: the real serve_http over real sockets, a gate that the test speaks for, hosts that are
// threads with a script.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "egress/gate.hpp"
#include "egress/http/http.hpp"

namespace stage {

namespace egress = owhale::egress;

using Host = std::function<void(int socket)>; // plays the host on its end of a connection

struct Refusal {
    std::string host, rule, reason;
};

class Gate : public egress::Gate {
public:
    explicit Gate(boost::asio::io_context& io) : io_(io) {}
    ~Gate() override;
    const owhale::sandbox::NetRun& run() const override { return run_; }
    boost::asio::awaitable<owhale::Result<egress::Permit>> admit(egress::Target target) override;
    boost::asio::awaitable<owhale::Result<std::unique_ptr<egress::Stream>>> dial(const egress::Permit& permit) override;
    boost::asio::awaitable<owhale::Result<std::unique_ptr<egress::Stream>>> dial_tls(const egress::Permit&) override;
    bool count(const egress::Permit&, std::uint64_t up, std::uint64_t down) override;
    void note_secret(const egress::Permit&, const std::string& name) override { noted.push_back(name); }
    void refuse(const egress::Target& target, std::string rule, std::string reason, std::string) override {
        refused.push_back({target.host, std::move(rule), std::move(reason)});
    }

    owhale::sandbox::NetRun run_;
    Host host;                 // of every connection
    std::string allowed = "*"; // the only host that is admitted
    bool unreachable = false;
    std::uint64_t budget = UINT64_MAX, moved = 0;
    std::vector<egress::Target> admitted;
    std::vector<Refusal> refused;
    std::vector<std::string> noted;
    std::vector<std::string> dialled; // "host:port", "tls host:port"

private:
    owhale::Result<std::unique_ptr<egress::Stream>> connect(const egress::Permit& permit, const std::string& how);

    boost::asio::io_context& io_;
    std::list<std::thread> hosts_;
};

class Stage {
public:
    explicit Stage(egress::Front front = {egress::Front::Kind::inspected, "api.example.com", 443},
                   egress::HttpDeadlines deadlines = {});
    ~Stage();
    // A new connection; blocking, with a limit of 5 s on each wait. The stage closes it.
    int connect();
    // Sends it on a new connection, ends writing when `end`, and reads until the other side ends.
    std::string ask(const std::string& request, bool end = false);
    // A secret of the run: "sk-live-0123456789abcdef" of api.example.com:443, Authorization: Bearer.
    owhale::vault::RunSecret& add_secret();
    // Every connection is served to its end; what the gate knows can be looked at.
    void finish();
    Gate& gate() { return *gate_; }
    // The gate's host answers so, each time, after it has read a whole request; the requests are kept.
    void reply(std::string answer);
    std::vector<std::string> seen;

private:
    boost::asio::io_context io_;
    std::shared_ptr<Gate> gate_;
    egress::Front front_;
    egress::HttpDeadlines deadlines_;
    std::vector<int> clients_;
    std::atomic<int> served_ = 0;
    std::thread thread_;
};

inline const std::string kValue = "sk-live-0123456789abcdef";
inline const std::string kPlaceholder = "owhale-7f3a9b2c4d5e6f708192";

void send_all(int socket, std::string_view bytes);
std::string read_all(int socket);                          // to the end
std::string read_some(int socket);                         // "" at the end
std::string read_until(int socket, std::string_view mark); // to and with the mark
// A request or answer with its body, by its own framing.
std::string read_message(int socket);
// "HTTP/1.1 200 OK", with a length.
std::string ok(const std::string& body, const std::string& fields = "");

} // namespace stage
