// The same for a program: a line for each request that comes, and one when it waits no more.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <csignal>
#include <ctime>
#include <map>

#include "cli/approval_feed.hpp"
#include "cli/approval_source.hpp"
#include "cli/approval_view.hpp"
#include "cli/escape.hpp"
#include "cli/exit_codes.hpp"
#include "cli/hooks.hpp"
#include "cli/messages.hpp"
#include "cli/output.hpp"
#include "cli/watch.hpp"

namespace owhale::cli {
namespace {

using namespace std::chrono_literals;

class Lines {
public:
    Lines(const Where& where, bool json, const std::string& hook)
        : json_(json), hooks_(hook, false), feed_(loop_, where,
                                                  {.listed = [this](std::vector<api::Approval> all) { listed(all); },
                                                   .fresh = [this](const api::Approval& one) { hooks_.add(one); },
                                                   .throttled = {},
                                                   .trouble = [this](const std::string& why) { told_trouble(why); },
                                                   .ended = [this](const Error& why) { leave(why); }}) {}

    Result<int> run() {
        boost::system::error_code error;
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) signals_.add(number, error);
        asio::co_spawn(loop_, hear_signals(), asio::detached);
        asio::co_spawn(loop_, feed_.follow(), asio::detached);
        asio::co_spawn(loop_, feed_.refresh_always(), asio::detached);
        asio::co_spawn(loop_, tick(), asio::detached);
        asio::co_spawn(loop_, tell_ends(), asio::detached);
        loop_.run();
        if (failure_) return std::unexpected(*std::move(failure_));
        return code_;
    }

private:
    void listed(const std::vector<api::Approval>& pending) {
        std::map<std::string, bool> now;
        for (auto one = pending.rbegin(); one != pending.rend(); ++one) {
            now[one->id] = true;
            if (!waiting_.contains(one->id)) say("approval.requested", *one);
        }
        for (const auto& [id, is] : waiting_)
            if (!now.contains(id)) gone_.push_back(id);
        waiting_ = std::move(now);
        if (!gone_.empty()) gone_bell_.ring();
    }

    asio::awaitable<void> tell_ends() {
        for (;;) {
            while (gone_.empty()) co_await gone_bell_.wait();
            Call call{.verb = "approvals.show", .id = gone_.front()};
            gone_.erase(gone_.begin());
            const auto body = co_await feed_.ask(std::move(call));
            const auto approval = body ? read_approval(*body) : std::unexpected(body.error());
            if (approval) say("approval." + approval->state, *approval);
        }
    }

    void say(const std::string& event, const api::Approval& approval) {
        std::string line;
        if (json_) {
            namespace json = boost::json;
            boost::system::error_code error;
            const json::object told{{"event", event}, {"approval", json::parse(write(approval), error)}};
            line = json_text(Look{.format = Format::jsonl}, json::serialize(told));
            line.pop_back();
        } else {
            line = approval.id + "  " + escaped(event) + "  " + escaped(approval.severity) + "  " +
                   escaped(approval.principal) + "  " + command_line(approval);
        }
        auto printed = print(line + "\n");
        if (printed) return;
        leave(printed.error());
    }

    void leave(const Error& why) {
        failure_ = why;
        loop_.stop();
    }

    void told_trouble(const std::string& why) {
        if (why != trouble_ && !why.empty()) note(why + "; trying again");
        trouble_ = why;
    }

    void look_after_hooks() {
        const auto since = std::chrono::steady_clock::now().time_since_epoch();
        const auto trouble = hooks_.look(std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
        if (!trouble.empty()) note(trouble);
    }

    asio::awaitable<void> tick() {
        for (;;) {
            look_after_hooks();
            asio::steady_timer timer(loop_, 200ms);
            boost::system::error_code error;
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        }
    }

    asio::awaitable<void> hear_signals() {
        for (;;) {
            boost::system::error_code error;
            const int number = co_await signals_.async_wait(asio::redirect_error(asio::use_awaitable, error));
            if (error) co_return;
            if (number != SIGCHLD) {
                code_ = kBySignal + number;
                loop_.stop();
                co_return;
            }
            look_after_hooks();
        }
    }

    asio::io_context loop_{1};
    bool json_;
    Hooks hooks_;
    ApprovalFeed feed_;
    Bell gone_bell_{loop_};
    asio::signal_set signals_{loop_};
    std::map<std::string, bool> waiting_;
    std::vector<std::string> gone_;
    std::string trouble_;
    std::optional<Error> failure_;
    int code_ = kOk;
};

} // namespace

Result<int> watch_in_lines(Context& context, const std::string& hook) {
    TRY(context.ask({.verb = "approvals.list", .query = {{"limit", "1"}}}));
    const auto where = TRY(context.where());
    return Lines(where, context.look().format != Format::table, hook).run();
}

} // namespace owhale::cli
