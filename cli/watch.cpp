// The screen's loop: keys, signals, what owhaled says, and what the model wants done.
#include "cli/watch.hpp"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <ctime>

#include "cli/approval_feed.hpp"
#include "cli/device_names.hpp"
#include "cli/exit_codes.hpp"
#include "cli/hooks.hpp"
#include "cli/messages.hpp"
#include "cli/screen.hpp"
#include "cli/watch_model.hpp"

namespace owhale::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kWindow = 300; // s that one password lasts
constexpr std::size_t kAccount = 40;   // columns of the header that say who watches

Moment now() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::milliseconds>(since).count(), std::time(nullptr)};
}

class Watch {
public:
    Watch(const Where& where, Screen screen, bool colour, const std::string& hook)
        : screen_(std::move(screen)), colour_(colour), hooks_(hook, true),
          feed_(loop_, where,
                {.listed = [this](std::vector<api::Approval> all) { listed(std::move(all)); },
                 .fresh = [this](const api::Approval& one) { hooks_.add(one); },
                 .throttled = [this](const std::string& words) { model_.set_throttled(words); },
                 .trouble = [this](const std::string& why) { model_.set_trouble(why); },
                 .ended = [this](const Error& why) { leave(why); }}),
          decider_(loop_.get_executor(), where) {}

    Result<int> run() {
        auto keys = TRY(screen_.keys());
        keys_.emplace(loop_, keys.release());
        boost::system::error_code error;
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH, SIGCHLD})
            signals_.add(number, error);
        asio::co_spawn(loop_, hear_signals(), asio::detached);
        asio::co_spawn(loop_, read_keys(), asio::detached);
        asio::co_spawn(loop_, who_am_i(), asio::detached);
        asio::co_spawn(loop_, feed_.follow(), asio::detached);
        asio::co_spawn(loop_, feed_.refresh_always(), asio::detached);
        asio::co_spawn(loop_, load_wanted(), asio::detached);
        asio::co_spawn(loop_, tick(), asio::detached);
        loop_.run();
        if (failure_) return std::unexpected(*std::move(failure_));
        return code_;
    }

private:
    void draw() {
        const auto frame = model_.frame(screen_.size(), now());
        std::vector<std::string> lines;
        for (const auto& line : frame.lines) lines.push_back(painted(colour_, line));
        screen_.draw(lines, frame.cursor);
    }

    void leave(int code) {
        code_ = code;
        loop_.stop();
    }

    // Said once the screen is the terminal's own again.
    void leave(const Error& why) {
        failure_ = why;
        loop_.stop();
    }

    void listed(std::vector<api::Approval> pending) {
        if (model_.listed(std::move(pending)) > 0) screen_.ring();
        wanted_.ring();
        draw();
    }

    asio::awaitable<void> pause(std::chrono::milliseconds time) {
        asio::steady_timer timer(loop_, time);
        boost::system::error_code error;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }

    asio::awaitable<void> tick() {
        for (;;) {
            if (const auto trouble = hooks_.look(now().ms); !trouble.empty()) model_.tell(trouble);
            draw();
            co_await pause(1s);
        }
    }

    asio::awaitable<void> hear_signals() {
        for (;;) {
            boost::system::error_code error;
            const int number = co_await signals_.async_wait(asio::redirect_error(asio::use_awaitable, error));
            if (error) co_return;
            if (number == SIGWINCH)
                screen_.redraw();
            else if (number == SIGTSTP)
                screen_.stop();
            else if (number != SIGCHLD)
                co_return leave(kBySignal + number);
            if (const auto trouble = hooks_.look(now().ms); !trouble.empty()) model_.tell(trouble);
            draw();
        }
    }

    asio::awaitable<void> read_keys() {
        for (;;) {
            std::array<char, 4096> bytes{};
            boost::system::error_code error;
            const auto count =
                co_await keys_->async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
            if (error) co_return leave(kBySignal + SIGHUP); // the terminal is gone
            const auto presses = reader_.take(std::string_view(bytes.data(), count));
            bytes.fill(0);
            for (const auto& press : presses) {
                auto wish = model_.press(press, now());
                asio::co_spawn(loop_, fulfil(std::move(wish)), asio::detached);
            }
            draw();
            wanted_.ring();
        }
    }

    asio::awaitable<void> who_am_i() {
        Call call{.verb = "whoami"};
        const auto body = co_await feed_.ask(std::move(call));
        const auto self = body ? read_whoami(*body) : std::unexpected(body.error());
        const bool device = self && is_device(self->principal);
        if (device || (self && self->principal.starts_with("user:")))
            model_.set_account(called(self->principal, self->device_name, kAccount));
        if (device) model_.set_signs();
    }

    asio::awaitable<void> load_wanted() {
        for (;;) {
            for (const auto& id : model_.wanted()) {
                Call call{.verb = "approvals.show", .id = id};
                const auto body = co_await feed_.ask(std::move(call));
                auto whole = body ? read_approval(*body) : std::unexpected(body.error());
                if (whole) model_.loaded(*std::move(whole));
                draw();
            }
            const auto gone = model_.take_gone();
            for (const auto& id : gone) co_await tell_end(id);
            if (gone.empty()) co_await wanted_.wait();
        }
    }

    asio::awaitable<void> tell_end(std::string id) {
        Call call{.verb = "approvals.show", .id = std::move(id)};
        const auto body = co_await feed_.ask(std::move(call));
        const auto one = body ? read_approval(*body) : std::unexpected(body.error());
        if (one) model_.ended(*one);
        draw();
    }

    // Wishes that follow from one another, until none does.
    asio::awaitable<void> fulfil(Wish wish) {
        while (wish.what == Wish::What::open_window || wish.what == Wish::What::decide) {
            Wish next;
            if (wish.what == Wish::What::open_window)
                next = co_await open_window(wish.password);
            else
                next = co_await decide(wish.word);
            wish = std::move(next);
        }
        if (wish.what == Wish::What::quit) leave(kOk);
        if (wish.what == Wish::What::suspend) screen_.stop();
        if (wish.what == Wish::What::redraw) screen_.redraw();
        draw();
        wanted_.ring();
    }

    asio::awaitable<Wish> open_window(const Secret& password) {
        api::StepUpRequest request{password.text(), kWindow};
        Call call{.verb = "stepup.open", .body = write(request)};
        wipe(request.password);
        decider_.drop(); // it may have been idle for so long that owhaled hung up
        const auto body = co_await send(std::move(call));
        const auto opened = body ? read_step_up(*body) : std::unexpected(body.error());
        if (opened) co_return model_.window_opened(opened->until, now());
        const bool wrong = opened.error().code == Code::credentials_wrong;
        model_.refused(wrong ? "That is wrong" : opened.error().message, wrong);
        co_return Wish{};
    }

    asio::awaitable<Wish> decide(const Word& word) {
        std::vector<std::string> bodies;
        const auto parts = parts_of(word);
        for (const auto& part : parts) {
            Call call = call_for(part);
            auto body = co_await send(std::move(call));
            if (!body && lost_window(body.error())) co_return model_.window_lost();
            if (!body) {
                model_.refused(body.error().message, false);
                feed_.refresh();
                co_return Wish{};
            }
            bodies.push_back(*std::move(body));
        }
        model_.decided(word.items, told(word, bodies));
        feed_.refresh();
        co_return Wish{};
    }

    // A connection that is gone takes its window along.
    static bool lost_window(const Error& error) {
        return error.code == Code::step_up_required || error.code == Code::unreachable;
    }

    // As many at once as a device's signature over them can be kept in the log with: 8 KiB.
    static std::vector<Word> parts_of(const Word& word) {
        constexpr std::size_t kAtOnce = 40;
        std::vector<Word> parts;
        for (std::size_t at = 0; at < word.items.size(); at += kAtOnce) {
            auto part = word;
            const auto end = std::min(word.items.size(), at + kAtOnce);
            part.items = {word.items.begin() + static_cast<std::ptrdiff_t>(at),
                          word.items.begin() + static_cast<std::ptrdiff_t>(end)};
            parts.push_back(std::move(part));
        }
        return parts;
    }

    static Call call_for(const Word& word) {
        if (word.items.size() > 1) {
            api::DecideRequest request{word.approve ? "approve" : "deny", word.items, {}};
            if (!word.reason.empty()) request.reason = word.reason;
            return {.verb = "approvals.decide", .body = write(request)};
        }
        const auto& item = word.items.front();
        if (word.approve) {
            api::ApproveRequest request{item.digest, {}, word.grant};
            return {.verb = "approvals.approve", .id = item.id, .body = write(request)};
        }
        api::DenyRequest request{item.digest, {}};
        if (!word.reason.empty()) request.reason = word.reason;
        return {.verb = "approvals.deny", .id = item.id, .body = write(request)};
    }

    static std::string told(const Word& word, const std::vector<std::string>& bodies) {
        if (word.items.size() == 1) {
            const auto approval = read_approval(bodies.front());
            const auto state = approval ? approval->state : std::string("decided");
            return short_id(word.items.front().id) + ": " + (state == "pending" ? "noted, more have to agree" : state) +
                   (approval && approval->grant ? ", and a grant is stored" : "");
        }
        std::size_t failed = 0;
        std::string why;
        for (const auto& body : bodies) {
            const auto list = read_decided(body);
            for (const auto& one : list ? list->decided : std::vector<api::Decided>{})
                if (one.code) {
                    ++failed;
                    why = one.error.value_or(*one.code);
                }
        }
        return std::to_string(word.items.size() - failed) + (word.approve ? " approved" : " denied") +
               (failed == 0 ? "" : ", " + std::to_string(failed) + " not: " + why);
    }

    // On the connection that the password opened a window on.
    asio::awaitable<Result<std::string>> send(Call call) {
        call.silent = true;
        auto reply = co_await decider_.send(std::move(call));
        if (!reply) co_return std::unexpected(std::move(reply).error());
        auto good = succeeded(*std::move(reply));
        if (!good) co_return std::unexpected(std::move(good).error());
        co_return std::move(good->body);
    }

    asio::io_context loop_{1};
    Screen screen_;
    bool colour_;
    WatchModel model_;
    Hooks hooks_;
    ApprovalFeed feed_;
    Connection decider_;
    Bell wanted_{loop_};
    asio::signal_set signals_{loop_};
    std::optional<asio::posix::stream_descriptor> keys_;
    KeyReader reader_;
    std::optional<Error> failure_;
    int code_ = kOk;
};

} // namespace

Result<int> watch_on_screen(Context& context, const std::string& hook) {
    TRY(context.ask(
        {.verb = "approvals.list", .query = {{"limit", "1"}}})); // what is wrong shows before the screen goes
    guard_secrets();
    const auto where = TRY(context.where());
    auto screen = TRY(Screen::open());
    return Watch(where, std::move(screen), context.look().colour, hook).run();
}

} // namespace owhale::cli
