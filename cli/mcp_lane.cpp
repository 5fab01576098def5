#include "cli/mcp_lane.hpp"

#include "cli/told_to_model.hpp"

namespace owhale::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kSilence = 120s; // owhaled holds no call for more than 45 s
constexpr std::size_t kMostEvent = std::size_t{16} << 20;

Error no_answer() {
    return Error{Code::internal,
                 "owhaled ended the answer before it was whole",
                 "list_runs tells whether a run of it goes on",
                 0,
                 {}};
}

} // namespace

void McpLane::load(McpMessage message) {
    busy_ = true;
    answered_ = taken_back_ = false;
    message_ = std::move(message);
    agreed_.clear();
}

asio::awaitable<void> McpLane::carry(McpSession session) {
    Call call{.verb = "mcp", .body = message_.text, .headers = mcp_headers(message_, session), .limit = kSilence};
    call.silent = true;
    call.headers.insert(call.headers.end(), always_.begin(), always_.end());
    EventLines events(kMostEvent);
    const std::function<void(const ServerEvent&)> on_event = [this](const ServerEvent& event) { pass(event.data); };
    const Connection::Take take = [this, &events, &on_event](std::string_view bytes) -> asio::awaitable<void> {
        events.take(bytes, on_event);
        co_await acts_.room();
    };
    Result<Reply> reply = fail(Code::unreachable, "taken back");
    if (!taken_back_) reply = co_await connection_.converse(std::move(call), take);
    settle(std::move(reply));
    message_ = {};
    busy_ = false;
}

void McpLane::pass(std::string_view text) {
    if (answered_ || taken_back_) return;
    const auto answer = read_mcp_answer(text, message_.id);
    if (!answer) return; // its request is then answered as one that was not
    if (!answer->agreed.empty()) agreed_ = answer->agreed;
    answered_ = answer->last;
    acts_.answer(*answer);
}

void McpLane::settle(Result<Reply> reply) {
    if (taken_back_) return;
    if (!reply) {
        acts_.reached(&reply.error());
        return give_up(told_to_model(reply.error()));
    }
    acts_.reached(nullptr);
    if (reply->status == 401) connection_.drop(); // another token may be there by the next message
    const bool accepted = reply->status >= 200 && reply->status < 300;
    if (!reply->body.empty()) pass(reply->body);
    const auto session = reply->headers.find("mcp-session-id");
    if (message_.starts_session() && !agreed_.empty())
        acts_.agreed({agreed_, session == reply->headers.end() ? "" : session->second});
    if (answered_ || !message_.is_request()) return;
    if (accepted) return give_up(no_answer());
    const auto refused = succeeded(*std::move(reply));
    give_up(told_to_model(refused.error()));
}

void McpLane::give_up(const Error& error) {
    if (answered_ || !message_.is_request()) return;
    answered_ = true;
    acts_.answer({mcp_error(message_, error), true, {}});
}

void McpLane::take_back() {
    hush();
    connection_.hang_up();
}

} // namespace owhale::cli
