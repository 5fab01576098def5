#include "egress/run_gate.hpp"

#include <boost/asio/this_coro.hpp>

#include "egress/http/run_ca.hpp"
#include "egress/own_ports.hpp"

namespace owhale::egress {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::size_t kMostTold = 64;       // lines on a run's stderr
constexpr std::size_t kMostAnswered = 1024; // answers of people that are kept

bool is_commands(const api::HostRule& line) {
    return line.from == sandbox::kFromCommand;
}

std::vector<api::HostRule> without_command(std::vector<api::HostRule> lines) {
    std::erase_if(lines, is_commands);
    return lines;
}

std::string allow_words(const Target& target) {
    const auto host = to_text(target.host, target.port);
    return "owhalectl hosts allow " + host + ", or run with --allow-host " + host;
}

// What the run chose may hold anything that a head could: it is shown, so it is bounded.
std::string shown(const Target& target) {
    if (target.host.empty()) return "a connection";
    auto host = target.host.substr(0, 253);
    if (target.how == "ssh-agent") return "`" + host + "` at the ssh agent"; // owhaled's words, a fingerprint
    if (target.port != 0) host = to_text(host, target.port);                 // of a name that was only looked up: none
    for (auto& c : host)
        if (static_cast<unsigned char>(c) < 0x21 || static_cast<unsigned char>(c) > 0x7e) c = '?';
    return host;
}

} // namespace

RunGate::RunGate(GateParts parts)
    : parts_(std::move(parts)), list_(without_command(parts_.run->scope.hosts)), report_(parts_.run->most_bytes) {
    take_agreed(parts_.run->scope.hosts);
}

void RunGate::take_agreed(const std::vector<api::HostRule>& lines) {
    for (const auto& line : lines) {
        const auto host = normal_host(line.host);
        if (!is_commands(line) || !line.ports || !host) continue;
        for (const auto port : *line.ports)
            if (may_ask({*host, port, {}, {}, {}}))
                answered_[{*host, port}] = {true, "", "it was agreed to with the command"};
    }
}

Match RunGate::find(const Target& target, bool read_later) const {
    Wanted wanted{target.host, target.port, {}, {}, read_later};
    if (target.method) wanted.method = *target.method;
    if (target.path) wanted.path = *target.path;
    return list_.find(wanted);
}

bool RunGate::may_know(const std::string& name) const {
    return parts_.run->scope.asks || list_.knows(name);
}

bool RunGate::judges_address(const asio::ip::address& address, std::uint16_t port) const {
    return list_.names_address(address, port).has_value();
}

bool RunGate::knows_name(const std::string& name, std::uint16_t port) const {
    return list_.find({name, port, {}, {}, true}).allowed || answered_.contains({name, port});
}

// The target in the one spelling, an address that stands for a name replaced by it.
Result<Target> RunGate::plain(Target target) const {
    target.host = TRY(normal_host(target.host));
    if (target.port == 0) return fail(Code::invalid_value, "0 is no port", "1 to 65535");
    if (target.path) target.path = TRY(normal_path(*target.path));
    const auto address = as_address(target.host);
    if (!address || !NamesGiven::is_given(*address)) return target;
    const auto* name = names_.name_of(*address);
    if (name == nullptr)
        return fail(Code::host_denied, target.host + " stands for no name: this run's DNS did not give it",
                    "look the name up inside the run");
    target.host = *name;
    return target;
}

bool RunGate::may_ask(const Target& target) const {
    if (!parts_.run->scope.asks || parts_.asking == nullptr) return false;
    const auto address = as_address(target.host);
    const auto* kind = address ? special(*address) : nullptr;
    return (kind == nullptr || kind->may_ask) && answered_.size() < kMostAnswered;
}

std::unexpected<Error> RunGate::denied(const Target& target, std::string rule, std::string reason, std::string next,
                                       Code code) {
    if (next.empty()) next = allow_words(target);
    auto error = fail(code, shown(target) + " was refused: " + reason, next);
    refuse(target, std::move(rule), std::move(reason), std::move(next));
    return error;
}

void RunGate::refuse(const Target& target, std::string rule, std::string reason, std::string next) {
    const auto row = report_.note(target.host.substr(0, 253), target.port, target.how, "deny", rule, reason);
    const bool fresh = row < Report::kMostRows && report_.whole().hosts[row].count == 1;
    if (fresh && parts_.on_refused) parts_.on_refused(target, rule, reason);
    tell(target.host.substr(0, 253), shown(target) + " was refused: " + reason, next);
}

void RunGate::warn(const Target& target, std::string rule, std::string reason, std::string next) {
    report_.remark(target.host.substr(0, 253), target.port, reason);
    tell(target.host.substr(0, 253) + " " + rule, shown(target) + ": " + reason, next);
}

void RunGate::unresolved(const Permit& permit, const Error& error) {
    const auto& target = permit.target;
    report_.remark(target.host, target.port, error.message);
    tell(target.host + " unresolved", shown(target) + " cannot be reached: " + error.message, error.next);
}

// Once a key.
void RunGate::tell(const std::string& key, const std::string& what, const std::string& next) {
    if (!parts_.on_line || told_.size() > kMostTold || !told_.insert(key).second) return;
    if (told_.size() > kMostTold)
        return parts_.on_line("owhaled: more hosts were refused; owhalectl runs show " + parts_.run->id +
                              " lists them");
    parts_.on_line("owhaled: " + bounded_reason(what) + (next.empty() ? "" : " (" + next + ")"));
}

std::unexpected<Error> RunGate::unknown(const Target& target, const Match& match) {
    if (match.hidden)
        return denied(target, match.rule,
                      "the rule " + match.rule + " is for certain methods or paths, and they cannot be seen",
                      "run with --inspect, so that owhaled reads this run's TLS");
    if (target.method && !match.rule.empty())
        return denied(target, match.rule,
                      "the rule " + match.rule + " does not have " + target.method->substr(0, 32) + " of this path",
                      "a rule with this method and path");
    const auto address = as_address(target.host);
    if (const auto* kind = address ? special(*address) : nullptr)
        return denied(target, "private-address",
                      "the address is " + std::string(kind->name) + ", and no rule names it");
    return denied(target, "unknown-host", match.port_only ? "no rule has this port of it" : "no rule allows it");
}

Result<Permit> RunGate::by_answer(const Target& target, const Answered& answer) {
    if (!answer.allowed)
        return denied(target, answer.approval.empty() ? "unknown-host" : "approval " + answer.approval, answer.because);
    if (answer.approval.empty()) return note(target, "command " + target.host);
    const auto rule = "approval " + answer.approval;
    const auto row = report_.note(target.host, target.port, target.how, "asked", rule, "");
    report_.approved(row, answer.approval);
    return Permit{target, rule, row};
}

awaitable<Result<Permit>> RunGate::ask(Target target) {
    const auto self = shared_from_this();
    const auto answer = co_await parts_.asking->ask(*parts_.run, target);
    if (!answer) {
        const auto error = answer.error();
        co_return denied(target, "unknown-host", error.message, error.next, error.code);
    }
    const Answered kept{answer->allowed, answer->approval, answer->because};
    answered_[{target.host, target.port}] = kept;
    if (open_->ended()) co_return fail(Code::run_ended, "the run has ended");
    co_return by_answer(target, kept);
}

awaitable<Result<Permit>> RunGate::admit(Target asked) {
    auto read = plain(asked);
    if (!read) {
        const auto error = read.error();
        co_return denied(asked, error.code == Code::host_denied ? "unknown-address" : "bad-host", error.message,
                         error.next);
    }
    const auto target = *std::move(read);
    if (open_->ended()) co_return fail(Code::run_ended, "the run has ended");
    if (report_.spent())
        co_return denied(target, "net-bytes", "the run has used up its bytes", "a higher setting net-bytes",
                         Code::rate_limited);
    // Of a tunnel nobody knows yet what it will carry: opaque() judges again when it cannot be read.
    const bool later =
        target.how == "connect" || target.how == "socks" || (target.how == "tls" && parts_.run->scope.inspected);
    const auto match = find(target, later);
    if (match.allowed)
        co_return Permit{target, match.rule,
                         report_.note(target.host, target.port, target.how, "allow", match.rule, "")};
    if (const auto known = answered_.find({target.host, target.port}); known != answered_.end())
        co_return by_answer(target, known->second);
    // A rule that has this host, but not this method, is an answer already.
    if (match.hidden || (target.method && !match.rule.empty()) || !may_ask(target)) co_return unknown(target, match);
    co_return co_await ask(target);
}

Status RunGate::opaque(const Permit& permit, bool tls) {
    const auto& target = permit.target;
    if (const auto known = answered_.find({target.host, target.port});
        known != answered_.end() && known->second.allowed)
        return {};
    Target blind = target;
    blind.method.reset();
    blind.path.reset();
    const auto match = find(blind, false);
    if (!match.allowed) return unknown(blind, match);
    if (tls || match.port_named) return {};
    return denied(blind, "protocol", "it is neither HTTP nor TLS that is spoken there, and no rule names this port");
}

awaitable<Result<std::unique_ptr<Stream>>> RunGate::dial_tls(const Permit& permit) {
    auto host = permit.target.host;
    auto plain_stream = co_await dial(permit);
    if (!plain_stream) co_return std::unexpected(plain_stream.error());
    auto stream = *std::move(plain_stream);
    co_return co_await connect_tls(std::move(stream), std::move(host));
}

Permit RunGate::note(Target target, std::string rule) {
    const auto row = report_.note(target.host, target.port, target.how, "allow", rule, "");
    return {std::move(target), std::move(rule), row};
}

bool RunGate::count(const Permit& permit, std::uint64_t up, std::uint64_t down) {
    const bool had = !report_.spent();
    if (report_.count(permit.row, up, down)) return true;
    if (had) refuse(permit.target, "net-bytes", "the run has used up its bytes", "a higher setting net-bytes");
    return false;
}

void RunGate::note_secret(const Permit& permit, const std::string& name) {
    report_.secret(permit.row, name);
}

} // namespace owhale::egress
