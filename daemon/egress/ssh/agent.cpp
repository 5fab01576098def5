#include "egress/ssh/agent.hpp"

#include <set>

#include "audit/log.hpp"
#include "egress/ports/listener.hpp"
#include "egress/socket_stream.hpp"
#include "egress/ssh/channel.hpp"
#include "egress/ssh/requests.hpp"
#include "egress/ssh/upstream.hpp"

namespace owhale::egress::ssh {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::size_t kMostClients = 16; // at once
constexpr std::uint64_t kMostSignatures = 10'000, kMostRequests = 200'000;
constexpr std::uint16_t kSshPort = 22;
constexpr std::size_t kMostAgreed = 1024;
constexpr std::size_t kMostNotedReasons = 64; // refusals that become events, each once

std::string reply(std::uint8_t type) {
    return std::string(1, static_cast<char>(type));
}

struct Client { // what one connection has said of itself
    std::optional<Binding> binding;
    bool spoilt = false; // it said something that no honest client says: nothing is answered any more
};

class Agent final : public Side, public std::enable_shared_from_this<Agent> {
public:
    Agent(AgentParts parts, std::unique_ptr<Stream> upstream)
        : parts_(std::move(parts)), upstream_(parts_.io, std::move(upstream), parts_.gate->run().ssh_keys) {}
    Status listen(Fd listener);
    void stop() override;

private:
    awaitable<void> serve(std::shared_ptr<Agent> self, Fd connection);
    awaitable<void> converse(Channel& channel);
    awaitable<std::string> answer(Client& client, std::string message);
    awaitable<std::string> list();
    std::string bind(Client& client, const std::string& message);
    awaitable<std::string> sign(const Client& client, std::string message);
    awaitable<Result<Purpose>> permit(const Client& client, const std::string& message, std::string& key);
    awaitable<Status> agree(const std::string& host);
    awaitable<Status> record(const std::string& key, const Purpose& purpose, std::string_view outcome);
    awaitable<std::string> refuse(const Target& target, std::string_view rule, const Error& error);
    std::string refuse_now(const Target& target, std::string_view rule, const Error& error);
    const sandbox::NetRun& run() const { return parts_.gate->run(); }

    AgentParts parts_;
    Upstream upstream_;
    std::shared_ptr<Listener> listener_;
    std::set<std::shared_ptr<Channel>> channels_;
    std::set<std::string> agreed_; // fingerprints of hosts' keys, in this run
    std::set<std::string> noted_;  // reasons of refusals that are in the log
    std::uint64_t signatures_ = 0, requests_ = 0;
    bool stopped_ = false;
};

Target target_of(std::string what) {
    const std::uint16_t port = what.starts_with("SHA256:") ? kSshPort : 0;
    return Target{std::move(what), port, "ssh-agent", {}, {}};
}

Status Agent::listen(Fd listener) {
    const auto weak = weak_from_this();
    auto opened =
        Listener::open(parts_.io, std::move(listener), kMostClients, [weak](Fd connection) -> awaitable<void> {
            const auto self = weak.lock();
            return self ? self->serve(self, std::move(connection)) : [](Fd) -> awaitable<void> { co_return; }(Fd());
        });
    if (!opened) return std::unexpected(opened.error());
    listener_ = *std::move(opened);
    return {};
}

void Agent::stop() {
    stopped_ = true;
    if (listener_) listener_->close();
    upstream_.close();
    for (const auto& channel : channels_) channel->close();
}

awaitable<void> Agent::serve(std::shared_ptr<Agent> self, Fd connection) {
    auto stream = stream_over(parts_.io, std::move(connection), nullptr);
    if (self->stopped_ || !stream) co_return;
    const auto channel = std::make_shared<Channel>(parts_.io, *std::move(stream));
    channels_.insert(channel);
    co_await converse(*channel);
    channel->close();
    channels_.erase(channel);
}

awaitable<void> Agent::converse(Channel& channel) {
    Client client;
    while (!stopped_ && ++requests_ <= kMostRequests) {
        auto message = co_await channel.read();
        std::string out;
        if (message) {
            out = co_await answer(client, *std::move(message));
        } else if (message.error().code == Code::unreachable) {
            co_return;
        } else {
            client.spoilt = true;
            out = refuse_now(target_of("message"), "agent-message", message.error());
        }
        const auto written = co_await channel.write(std::move(out));
        if (!written || !message) co_return;
    }
}

awaitable<std::string> Agent::answer(Client& client, std::string message) {
    const auto type = static_cast<std::uint8_t>(message[0]);
    if (client.spoilt) co_return reply(kFailure);
    if (type == kRequestIdentities && message.size() == 1) co_return co_await list();
    if (type == kSignRequest) co_return co_await sign(client, std::move(message));
    if (type == kExtension) co_return bind(client, message);
    const std::string name(name_of(type));
    const Error error{Code::forbidden, "a run's agent does not " + name, "do it outside the cage"};
    const auto target = target_of(name);
    co_return co_await refuse(target, "agent-request", error);
}

awaitable<std::string> Agent::list() {
    const auto identities = co_await upstream_.identities();
    if (identities) co_return write_identities(*identities);
    co_return refuse_now(target_of("agent"), "agent-gone", identities.error());
}

// One session a connection, as every client has; a second one, a forged or a forwarded one ends what it may ask for.
std::string Agent::bind(Client& client, const std::string& message) {
    auto binding = read_binding(message);
    if (!binding && binding.error().message == "an extension") return reply(kFailure);
    if (binding && client.binding && client.binding->session != binding->session)
        binding = fail(Code::forbidden, "a connection that was bound to another session before",
                       "log in once per connection");
    if (!binding) {
        client.spoilt = true;
        return refuse_now(target_of("session-bind"), "agent-binding", binding.error());
    }
    client.binding = *std::move(binding);
    return reply(kSuccess);
}

awaitable<std::string> Agent::sign(const Client& client, std::string message) {
    std::string key;
    const auto purpose = co_await permit(client, message, key);
    const auto what = target_of(key.empty() ? "signature" : key);
    if (!purpose) co_return co_await refuse(what, "agent-signature", purpose.error());
    const auto recorded = co_await record(key, *purpose, "pending");
    if (!recorded) co_return refuse_now(what, "agent-signature", recorded.error());
    parts_.gate->note(target_of(purpose->host.empty() ? purpose->what : purpose->host), "broker ssh-agent");
    auto answer = co_await upstream_.sign(std::move(message));
    if (answer && static_cast<std::uint8_t>((*answer)[0]) == kSignResponse) co_return *std::move(answer);
    const auto failed = co_await record(key, *purpose, "failed");
    if (!answer) co_return refuse_now(target_of("agent"), "agent-gone", answer.error());
    co_return reply(kFailure);
}

// Whether it may be signed, and for what; `key`: the fingerprint, as soon as it is known.
awaitable<Result<Purpose>> Agent::permit(const Client& client, const std::string& message, std::string& key) {
    const auto signing = read_signing(message);
    if (!signing) co_return std::unexpected(signing.error());
    const auto has = co_await upstream_.has(signing->blob);
    if (!has) co_return std::unexpected(has.error());
    if (!*has)
        co_return fail(Code::forbidden, "a signature with a key that the run may not use",
                       "name the key in the profile's ssh_keys");
    key = signing->key.fingerprint;
    auto purpose = judge(*signing, client.binding);
    if (!purpose) co_return std::unexpected(purpose.error());
    if (!purpose->host.empty()) {
        const auto agreed = co_await agree(purpose->host);
        CO_CHECK(agreed);
    }
    if (++signatures_ > kMostSignatures)
        co_return fail(Code::rate_limited, "more than 10,000 signatures in one run", "start another run");
    co_return purpose;
}

awaitable<Status> Agent::agree(const std::string& host) {
    if (agreed_.contains(host)) co_return Status{};
    if (parts_.known) {
        const auto known = parts_.known->knows(run().principal, host);
        if (!known) co_return std::unexpected(known.error());
        if (*known) co_return Status{};
    }
    if (!run().scope.asks || parts_.asking == nullptr)
        co_return fail(Code::host_denied, "nobody agreed to a login at the host with the key " + host,
                       "run it with a profile that asks, and agree");
    const auto target = target_of(host);
    const auto answer = co_await parts_.asking->ask(run(), target);
    if (!answer) co_return std::unexpected(answer.error());
    if (!answer->allowed) co_return fail(Code::host_denied, answer->because, "ask whoever refused it");
    if (agreed_.size() < kMostAgreed) agreed_.insert(host);
    if (parts_.known) co_return parts_.known->add(run().principal, host, answer->approval);
    co_return Status{};
}

awaitable<Status> Agent::record(const std::string& key, const Purpose& purpose, std::string_view outcome) {
    if (parts_.audit == nullptr) co_return Status{};
    audit::Event event{"ssh.signed", run().principal, "", std::string(outcome), run().id, {}};
    event.data["key"] = key;
    event.data["for"] = purpose.what;
    const auto names = parts_.ssh_names && !purpose.host.empty() ? parts_.ssh_names() : std::vector<std::string>();
    if (names.size() == 1) event.data["perhaps"] = names[0];
    const auto noted = co_await parts_.audit->append(std::move(event));
    if (!noted) co_return std::unexpected(noted.error());
    co_return Status{};
}

std::string Agent::refuse_now(const Target& target, std::string_view rule, const Error& error) {
    if (!stopped_) parts_.gate->refuse(target, std::string(rule), error.message, error.next);
    return reply(kFailure);
}

awaitable<std::string> Agent::refuse(const Target& target, std::string_view rule, const Error& error) {
    auto out = refuse_now(target, rule, error);
    const bool fresh = noted_.size() < kMostNotedReasons && noted_.insert(error.message).second;
    if (parts_.audit == nullptr || !fresh) co_return out;
    audit::Event event{"ssh.refused", run().principal, "", "denied", run().id, {}};
    event.data["what"] = target.host;
    event.data["reason"] = error.message;
    const auto noted = co_await parts_.audit->append(std::move(event));
    co_return out;
}

} // namespace

Result<std::shared_ptr<Side>> serve_agent(AgentParts parts, Fd listener) {
    const auto socket = parts.gate->run().ssh_agent;
    if (!socket || !*socket)
        return fail(Code::unsupported, "there is no ssh agent", "start one, and set SSH_AUTH_SOCK");
    auto upstream = TRY(stream_over(parts.io, std::move(*socket), nullptr));
    auto agent = std::make_shared<Agent>(std::move(parts), std::move(upstream));
    CHECK(agent->listen(std::move(listener)));
    return agent;
}

} // namespace owhale::egress::ssh
