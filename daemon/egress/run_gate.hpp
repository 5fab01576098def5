// The gate of one run: its allowlist, what people answered, the addresses that names may lead to, and its budgets.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "config/endpoint.hpp"
#include "egress/allowlist.hpp"
#include "egress/asking.hpp"
#include "egress/gate.hpp"
#include "egress/names_given.hpp"
#include "egress/open_streams.hpp"
#include "egress/report.hpp"
#include "egress/resolver.hpp"

namespace owhale::egress {

struct GateParts {
    boost::asio::any_io_executor executor;
    std::shared_ptr<const sandbox::NetRun> run;
    std::shared_ptr<Resolver> resolver;
    Asking* asking = nullptr; // null: an unknown host is refused
    std::vector<config::Endpoint> own;
    std::function<void(std::string)> on_line;
    // The first refusal of a host and port, in a way of getting there; 128 of a run at most. May be null.
    std::function<void(const Target&, const std::string& rule, const std::string& reason)> on_refused = {};
};

class RunGate final : public Gate, public std::enable_shared_from_this<RunGate> {
public:
    explicit RunGate(GateParts parts);

    const sandbox::NetRun& run() const override { return *parts_.run; }
    boost::asio::awaitable<Result<Permit>> admit(Target target) override;
    boost::asio::awaitable<Result<std::unique_ptr<Stream>>> dial(const Permit& permit) override;
    boost::asio::awaitable<Result<std::unique_ptr<Stream>>> dial_tls(const Permit& permit) override;
    Permit note(Target target, std::string rule) override;
    bool count(const Permit& permit, std::uint64_t up, std::uint64_t down) override;
    void note_secret(const Permit& permit, const std::string& name) override;
    void refuse(const Target& target, std::string rule, std::string reason, std::string next) override;
    void warn(const Target& target, std::string rule, std::string reason, std::string next) override;

    // The permitted connection carries what cannot be read: a rule of methods or paths is not enough, and where it is not TLS
    // (`tls` false) the port has to be one that a rule names, or that somebody agreed to. host_denied, noted.
    Status opaque(const Permit& permit, bool tls);
    // Whether the run may learn that this name exists: a rule is about it, or it could be asked about.
    bool may_know(const std::string& name) const;
    bool judges_address(const boost::asio::ip::address& address, std::uint16_t port) const;
    bool knows_name(const std::string& name, std::uint16_t port) const;
    // By the machine's resolver; at most 64 names at once.
    boost::asio::awaitable<Result<Addresses>> addresses(std::string name);

    NamesGiven& names() { return names_; }
    Report& report() { return report_; }
    const Report& report() const { return report_; }
    const std::shared_ptr<OpenStreams>& open() const { return open_; }

private:
    struct Answered {
        bool allowed = false;
        std::string approval, because; // approval "": agreed to with the run's command
    };

    // What people agreed to with the command itself is an answer that was given already, and can do no more than one.
    void take_agreed(const std::vector<api::HostRule>& lines);

    Result<Target> plain(Target target) const;
    Match find(const Target& target, bool read_later) const;
    bool may_ask(const Target& target) const;
    boost::asio::awaitable<Result<Permit>> ask(Target target);
    Result<Permit> by_answer(const Target& target, const Answered& answer);
    std::unexpected<Error> denied(const Target& target, std::string rule, std::string reason, std::string next = {},
                                  Code code = Code::host_denied);
    std::unexpected<Error> unknown(const Target& target, const Match& match);
    Result<Addresses> reachable(const Permit& permit, const Addresses& all);
    Status afford(const Permit& permit);
    void tell(const std::string& key, const std::string& what, const std::string& next);
    // A name that does not resolve: in the report, and a line, for the program may only see a connection that closes.
    void unresolved(const Permit& permit, const Error& error);
    boost::asio::awaitable<Result<Fd>> connect(boost::asio::ip::address address, std::uint16_t port,
                                               std::chrono::milliseconds time);

    GateParts parts_;
    Allowlist list_;
    NamesGiven names_;
    Report report_;
    std::shared_ptr<OpenStreams> open_ = std::make_shared<OpenStreams>();
    std::map<std::pair<std::string, std::uint16_t>, Answered> answered_;
    std::set<std::string> told_; // hosts of which a line was written; with what was said, where it is no refusal
    std::uint64_t dialled_ = 0;
    std::map<std::string, std::size_t> looking_up_; // names, and who waits for each
};

} // namespace owhale::egress
