#include "approvals/host_questions.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sodium.h>

#include "audit/event.hpp"
#include "base/log.hpp"
#include "sandbox/consent.hpp"
#include "shared/codec.hpp"

namespace owhale::approvals {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using egress::HostAnswer;
using sandbox::Answer;

constexpr std::size_t kMostOfRun = 256; // hosts that one run asks for, in its life

std::string prefix_of(const std::string& run) {
    return std::string(kHostKey) + run + ":";
}

std::string key_of(const std::string& run, const egress::Target& target) {
    return prefix_of(run) + target.host + ":" + std::to_string(target.port);
}

api::HostRule rule_of(const egress::Target& target) {
    api::HostRule rule;
    rule.host = target.host;
    rule.ports = {target.port};
    return rule;
}

// By the fingerprint of the host's key; ",unbound" follows where its server does not bind logins to it (egress/ssh/requests.hpp).
std::string login_reason(const std::string& host) {
    const auto comma = host.find(',');
    auto reason = "It wants to sign in with your SSH key at a host that it has not signed in at before: " +
                  host.substr(0, comma) + ".";
    if (comma != std::string::npos)
        reason +=
            " That host's server does not bind logins to its key: unless you know the key, it may be used to sign in "
            "as you anywhere.";
    return reason;
}

std::string shown(const egress::Target& target) {
    const bool v6 = target.host.find(':') != std::string::npos;
    return (v6 ? "[" + target.host + "]" : target.host) + ":" + std::to_string(target.port);
}

std::string waiting_line(const egress::Target& target, const std::string& approval) {
    const auto what = target.how == "ssh-agent" ? "a login with your SSH key" : shown(target);
    return "owhaled: " + what + " waits for somebody's answer (owhalectl approve " + approval + ")";
}

// The run cannot say a word of it: the host's name is LDH or an address, the rest is ours.
std::string reason_of(const egress::Target& target) {
    if (target.how == "ssh-agent") return login_reason(target.host);
    const std::string how = target.how == "tls"       ? "by TLS"
                            : target.how == "http"    ? "in plain HTTP, which anybody on the way can read"
                            : target.how == "connect" ? "through the proxy"
                            : target.how == "socks"   ? "through SOCKS"
                                                      : "by " + target.how;
    return "It wants to reach " + shown(target) + " " + how + ", and no list has that host.";
}

api::Frozen frozen_of(const sandbox::NetRun& run, const egress::Target& target) {
    api::Frozen frozen;
    frozen.verb = "hosts.connect";
    frozen.principal = run.principal;
    frozen.uid = run.uid;
    frozen.argv = run.command;
    frozen.workspace = run.workspace;
    frozen.profile = run.profile;
    frozen.net = "scoped";
    frozen.joined = run.id; // the same question of another run is another one
    api::NetScope scope;
    scope.hosts = {rule_of(target)};
    frozen.scope = std::move(scope);
    return frozen;
}

std::string digest_of(const std::string& text) {
    unsigned char digest[crypto_hash_sha256_BYTES];
    ::crypto_hash_sha256(digest, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    std::string out(2 * sizeof digest + 1, '\0');
    ::sodium_bin2hex(out.data(), out.size(), digest, sizeof digest);
    out.pop_back(); // the NUL
    return out;
}

Result<sandbox::Plea> plea_of(const std::string& key, const sandbox::NetRun& run, const egress::Target& target) {
    sandbox::Plea plea;
    plea.run = key;
    plea.kind = "host";
    plea.principal = run.principal;
    plea.payer = run.payer;
    plea.uid = run.uid;
    plea.frozen = frozen_of(run, target);
    plea.digest = digest_of(TRY(audit::canonical(codec::encode(plea.frozen))));
    plea.verdict.decision = "ask";
    plea.verdict.rule = "unknown-host";
    plea.verdict.reason = reason_of(target);
    plea.verdict.severity = target.how == "ssh-agent" ? "high" : "medium";
    plea.command = run.command;
    plea.cwd = run.workspace;
    plea.waits = true;
    return plea;
}

} // namespace

HostQuestions::HostQuestions(Parts parts) : parts_(std::move(parts)) {
    parts_.desk.on_host_answer = [this](const std::string& key, const Answer& answer) { answered(key, answer); };
}

awaitable<Result<HostAnswer>> HostQuestions::ask(const sandbox::NetRun& run, const egress::Target& target) {
    if (parts_.allowed && parts_.allowed(run, rule_of(target))) co_return HostAnswer{true, "", "hosts"};
    const auto key = key_of(run.id, target);
    auto found = open_.find(key);
    if (found == open_.end()) {
        const auto first = open_.lower_bound(prefix_of(run.id)), last = open_.upper_bound(prefix_of(run.id) + "\x7f");
        if (static_cast<std::size_t>(std::distance(first, last)) >= kMostOfRun)
            co_return fail(Code::busy, "this run has asked for 256 hosts already",
                           "start it with --allow-host for each");
        auto plea = plea_of(key, run, target);
        if (!plea) co_return std::unexpected(plea.error());
        found = open_.emplace(key, std::make_shared<Open>(parts_.executor)).first;
        std::function<void(const std::string&)> tell = [this, target,
                                                        number = run.number](const std::string& approval) {
            if (parts_.on_line) parts_.on_line(number, waiting_line(target, approval));
        };
        asio::co_spawn(parts_.executor, put(found->second, key, std::move(*plea), std::move(tell)), asio::detached);
    }
    const auto open = found->second;
    boost::system::error_code ignored;
    while (!open->answer && !open->error) {
        co_await open->changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (open->error) co_return std::unexpected(*open->error);
    co_return *open->answer;
}

awaitable<void> HostQuestions::put(std::shared_ptr<Open> open, std::string key, sandbox::Plea plea,
                                   std::function<void(const std::string& approval)> tell) {
    auto asked = co_await parts_.desk.ask(std::move(plea));
    if (asked) {
        if (open->answer)
            open->answer->approval = *asked;
        else {
            open_approvals_[key] = *asked;
            tell(*asked);
        }
        if (!open_.contains(key)) parts_.desk.cancel(key, "the run has ended"); // while it was asked
        co_return;
    }
    open->error = asked.error();
    open_.erase(key); // it may be asked again, when there is room
    open->wake();
}

void HostQuestions::answered(const std::string& key, const Answer& answer) {
    const auto found = open_.find(key);
    if (found == open_.end()) return;
    const auto open = found->second;
    HostAnswer out;
    out.allowed = answer.word == Answer::Word::approved;
    out.because = out.allowed                            ? "it was agreed to"
                  : answer.word == Answer::Word::expired ? "nobody answered in time"
                  : answer.because.empty()               ? "it was refused"
                                                         : answer.because;
    if (const auto id = open_approvals_.find(key); id != open_approvals_.end()) out.approval = id->second;
    open->answer = std::move(out);
    // What nobody answered may be asked once more.
    if (answer.word != Answer::Word::approved && answer.word != Answer::Word::denied) open_.erase(found);
    open->wake();
}

void HostQuestions::forget(const std::string& run) {
    const auto prefix = prefix_of(run);
    for (auto at = open_.lower_bound(prefix); at != open_.end() && at->first.starts_with(prefix);) {
        const auto [key, open] = *at;
        at = open_.erase(at);
        open_approvals_.erase(key);
        if (open->answer) continue;
        open->answer = HostAnswer{false, "", "the run has ended"};
        parts_.desk.cancel(key, "the run has ended");
        open->wake();
    }
}

} // namespace owhale::approvals
