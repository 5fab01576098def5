#include "egress/ssh/upstream.hpp"

#include <algorithm>

namespace owhale::egress::ssh {

using boost::asio::awaitable;

namespace {

constexpr std::chrono::seconds kAnswerTime{30};

std::unexpected<Error> no_agent() {
    return fail(Code::unreachable, "your ssh agent has ended, or did not answer in 30 seconds",
                "start the agent and the run again: a run has one connection to it, made at its start");
}

} // namespace

Upstream::Upstream(boost::asio::any_io_executor io, std::unique_ptr<Stream> agent, std::vector<std::string> allowed)
    : turn_(io), channel_(std::make_shared<Channel>(io, std::move(agent))), allowed_(std::move(allowed)) {}

void Upstream::close() {
    gone_ = true;
    channel_->close();
}

bool Upstream::may_use(const PublicKey& key) const {
    return allowed_.empty() || std::find(allowed_.begin(), allowed_.end(), key.fingerprint) != allowed_.end();
}

// After a failure the next answer would be to an older request: the connection is given up.
awaitable<Result<std::string>> Upstream::exchange(std::string request) {
    const auto turn = co_await turn_.take();
    if (!turn) co_return std::unexpected(turn.error());
    if (gone_) co_return no_agent();
    const auto channel = channel_;
    const auto sent = co_await channel->write(std::move(request));
    if (!sent) {
        close();
        co_return no_agent();
    }
    auto answer = co_await channel->read_within(kAnswerTime);
    if (!answer) {
        close();
        co_return no_agent();
    }
    co_return answer;
}

awaitable<Result<std::vector<Identity>>> Upstream::identities() {
    std::string request(1, static_cast<char>(kRequestIdentities));
    const auto answer = co_await exchange(std::move(request));
    if (!answer) co_return std::unexpected(answer.error());
    auto all = read_identities(*answer);
    if (!all) co_return fail(Code::unreachable, "your ssh agent does not list its keys", "unlock it: ssh-add -X");
    std::erase_if(*all, [this](const Identity& identity) { return !may_use(identity.key); });
    known_.clear();
    for (const auto& identity : *all) known_.push_back(identity.blob);
    co_return all;
}

awaitable<Result<bool>> Upstream::has(std::string blob) {
    const auto knows = [this, &blob] { return std::find(known_.begin(), known_.end(), blob) != known_.end(); };
    if (knows()) co_return true;
    const auto listed = co_await identities();
    if (!listed) co_return std::unexpected(listed.error());
    co_return knows();
}

awaitable<Result<std::string>> Upstream::sign(std::string request) {
    co_return co_await exchange(std::move(request));
}

} // namespace owhale::egress::ssh
