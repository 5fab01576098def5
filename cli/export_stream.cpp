#include "cli/export_stream.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "cli/output.hpp"

namespace owhale::cli {
namespace {

constexpr std::chrono::seconds kSilence{60}, kPause{1}; // owhaled says every 15 s that it lives

} // namespace

ExportStream::ExportStream(const Where& where, Wanted wanted, ExportLines::Sink sink, Progress progress)
    : loop_(1), signals_(loop_), connection_(loop_.get_executor(), where), wanted_(std::move(wanted)),
      lines_(std::move(sink)), progress_(std::move(progress)) {}

Result<int> ExportStream::run() {
    if (wanted_.stops_on_signals) {
        for (const int number : {SIGINT, SIGTERM}) signals_.add(number);
        signals_.async_wait([this](const boost::system::error_code& error, int number) {
            if (error) return;
            signal_ = number;
            connection_.hang_up();
            loop_.stop();
        });
    }
    Status result;
    asio::co_spawn(loop_, go_on(), [&](const std::exception_ptr&, Status status) {
        result = std::move(status);
        loop_.stop();
    });
    loop_.run();
    if (signal_ != 0) return signal_;
    if (!result) return std::unexpected(std::move(result).error());
    return 0;
}

asio::awaitable<Status> ExportStream::go_on() {
    bool away = false;
    for (;;) {
        const auto before = lines_.bytes();
        auto status = co_await ask();
        const bool gone = !status && (status.error().code == Code::unreachable || status.error().step == "stopping");
        const bool lost = gone && taken_;
        if (!wanted_.follow || !lost || (before == 0 && lines_.bytes() == 0 && !away)) co_return status;
        if (!std::exchange(away, lines_.bytes() == before)) note("owhaled went away: waiting for it to be back");
        asio::steady_timer timer(loop_, kPause);
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

asio::awaitable<Status> ExportStream::ask() {
    lines_.drop_rest();
    Connection::Take take = [this](std::string_view bytes) -> asio::awaitable<void> {
        if (taken_) taken_ = lines_.take(bytes);
        if (!taken_) connection_.hang_up();
        if (taken_ && progress_) progress_(last(), lines_.bytes());
        co_return;
    };
    auto reply = co_await connection_.converse(call(), std::move(take));
    if (!taken_) co_return taken_;
    if (!reply) co_return std::unexpected(std::move(reply).error());
    auto accepted = succeeded(*std::move(reply));
    if (!accepted) co_return std::unexpected(std::move(accepted).error());
    co_return Status{};
}

Call ExportStream::call() const {
    Call call{.verb = "audit.export"};
    call.query = {{"format", wanted_.format}, {"after", std::to_string(last())}};
    if (wanted_.until_seq) call.query.emplace_back("until_seq", std::to_string(*wanted_.until_seq));
    if (!wanted_.since.empty()) call.query.emplace_back("since", wanted_.since);
    if (!wanted_.until.empty()) call.query.emplace_back("until", wanted_.until);
    if (wanted_.follow) call.query.emplace_back("follow", "1");
    call.limit = kSilence;
    return call;
}

} // namespace owhale::cli
