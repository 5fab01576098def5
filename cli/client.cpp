#include "cli/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "cli/connection.hpp"

namespace owhale::cli {

struct Client::State {
    explicit State(const Where& where) : connection(loop.get_executor(), where) {}
    asio::io_context loop{1};
    Connection connection;
};

Client::Client(Where where) : where_(std::move(where)) {}
Client::~Client() = default;

Result<Reply> Client::send(Call call) {
    if (!state_) state_ = std::make_unique<State>(where_);
    std::optional<Result<Reply>> answer;
    asio::co_spawn(state_->loop, state_->connection.send(std::move(call)),
                   [&](const std::exception_ptr&, Result<Reply> reply) { answer = std::move(reply); });
    state_->loop.restart();
    state_->loop.run();
    if (!*answer) return *std::move(answer);
    return succeeded(**std::move(answer));
}

void Client::reconnect() {
    if (state_) state_->connection.drop();
}

const KeptToken* Client::token() const {
    return state_ ? state_->connection.token() : nullptr;
}

const KeptDevice* Client::device() const {
    return state_ ? state_->connection.device() : nullptr;
}

const Peer& Client::peer() const {
    static const Peer kNobody;
    return state_ ? state_->connection.peer() : kNobody;
}

} // namespace owhale::cli
