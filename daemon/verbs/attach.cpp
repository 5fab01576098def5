// Live streams of a run over one WebSocket, by the Kubernetes v5.channel.k8s.io convention.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "audit/log.hpp"
#include "identity/service.hpp"
#include "sandbox/run.hpp"
#include "verbs/asker.hpp"
#include "verbs/attach_message.hpp"
#include "verbs/caller.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using sandbox::Run;
using transport::Channel;
using transport::Request;

constexpr std::size_t kPart = 256u << 10;       // bytes of output in one message
constexpr std::chrono::milliseconds kLook{500}; // how often an open channel's right to be is looked at

using Standing = std::function<bool()>; // whether who attached still may control the run

Standing standing_of(const Request& request, identity::Identity& identity, const api::Run& run) {
    // A run that was found without a right to any is one's own, or one of these's.
    const bool own = run.principal == request.who().person() || !any(request, identity::Permission::runs_control);
    return [&identity, peer = request.connection->peer, who = request.who(), own] {
        const auto now = identity.refresh(peer, who);
        return now && now->may(identity::Permission::runs_control, own);
    };
}

class Session : public std::enable_shared_from_this<Session> {
public:
    Session(std::shared_ptr<Run> run, bool replay, Standing standing)
        : run_(std::move(run)), replay_(replay), standing_(std::move(standing)) {}

    awaitable<void> serve(Channel& channel) {
        attachment_ = run_->attach(replay_);
        const auto self = shared_from_this();
        const auto executor = co_await asio::this_coro::executor; // GCC 12 destroys a lambda beside a co_await twice
        asio::co_spawn(executor, [self, &channel] { return self->receive(channel); }, asio::detached);
        asio::co_spawn(executor, [self] { return self->watch(); }, asio::detached);
        co_await send(channel);
        finished_ = true;
        run_->detach(attachment_);
        co_await channel.close();
        // The receiver must be out of the channel, which ends with this coroutine. It may still wait for the run to
        // take its stdin; then it looks at the channel no more.
        while (reading_) co_await run_->changed().wait();
    }

    // The connection went: whoever waits for the run in its name stops.
    void client_went() {
        gone_ = true;
        run_->changed().notify();
    }

private:
    // A channel is open for as long as its client may control the run, and not for as long as it likes.
    awaitable<void> watch() {
        const auto self = shared_from_this();
        asio::steady_timer timer(co_await asio::this_coro::executor);
        while (!gone_ && !finished_) {
            timer.expires_after(kLook);
            boost::system::error_code ignored;
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            if (!gone_ && !finished_ && !standing_()) client_went();
        }
    }

    // Client to run, until it goes.
    awaitable<void> receive(Channel& channel) {
        const auto self = shared_from_this();
        co_await run_->until_started(); // what comes before there are streams waits in the connection
        for (bool good = true; good && !finished_;) {
            reading_ = true;
            auto message = co_await channel.read();
            reading_ = false;
            run_->changed().notify();
            if (!message || !standing_()) break;
            good = co_await take(std::move(*message));
        }
        client_went();
    }

    awaitable<bool> take(Channel::Message message) {
        const auto said = read_attach_message(message.channel, message.data);
        using enum AttachMessage::Kind;
        if (said.kind == input) co_await run_->write_stdin(attachment_.get(), std::move(message.data));
        if (said.kind == resize) run_->resize(said.rows, said.cols);
        if (said.kind == end_of_input) run_->close_stdin(attachment_.get());
        co_return said.kind != none;
    }

    // Run to client, until the run is over and all of it was sent.
    awaitable<void> send(Channel& channel) {
        bool good = true;
        while (good && !gone_ && !attachment_->dropped) {
            // Looked at before the output: what comes later wakes us again.
            const bool over = run_->over();
            bool sent = false;
            for (const std::uint8_t stream : {std::uint8_t{0}, std::uint8_t{1}}) {
                auto slice = run_->read(*attachment_, stream, kPart);
                if (slice.bytes.empty()) continue;
                const auto written = co_await channel.write(static_cast<std::uint8_t>(kStdout + stream), slice.bytes);
                run_->advance(*attachment_, stream, slice);
                attachment_->moved = std::chrono::steady_clock::now();
                run_->changed().notify(); // its pipe may be read again
                sent = true;
                if (!written) good = false;
                if (!good) break;
            }
            if (!good) break;
            // The end is told last, after all output.
            if (const auto state = run_->state(); state != told_ && (over ? !sent : !sandbox::ended(state))) {
                told_ = state;
                const auto text = codec::to_text(run_->snapshot());
                const auto written = co_await channel.write(kStatus, text);
                good = written.has_value();
                continue;
            }
            if (over && !sent) co_return;
            if (!sent && good && !gone_ && over == run_->over()) co_await run_->changed().wait();
        }
    }

    std::shared_ptr<Run> run_;
    bool replay_;
    Standing standing_;
    std::shared_ptr<sandbox::Attachment> attachment_;
    std::optional<sandbox::State> told_;
    bool gone_ = false, finished_ = false, reading_ = false;
};

// Of a run that has ended: what is kept, then its record.
class Replay {
public:
    Replay(api::Run record, std::string folder, Standing standing)
        : record_(std::move(record)), folder_(std::move(folder)), standing_(std::move(standing)) {}

    awaitable<void> serve(Channel& channel, bool with_output) {
        bool good = true;
        for (const std::uint8_t stream : {std::uint8_t{0}, std::uint8_t{1}}) {
            const auto output = sandbox::Output::open(folder_ + (stream == 0 ? "/stdout" : "/stderr"));
            for (std::uint64_t at = 0; output && good && with_output;) {
                const auto slice = output->read(at, kPart);
                if (slice.bytes.empty()) break;
                at = slice.offset + slice.bytes.size();
                const auto written = co_await channel.write(static_cast<std::uint8_t>(kStdout + stream), slice.bytes);
                good = written.has_value() && standing_();
            }
        }
        const auto text = codec::to_text(record_);
        if (good) co_await channel.write(kStatus, text);
        co_await channel.close();
    }

private:
    api::Run record_;
    std::string folder_;
    Standing standing_;
};

awaitable<Result<transport::Stream>> prepare(Services services, Request& request) {
    CO_CHECK(only(request, {"replay"}));
    const auto replay = number_of(request, "replay", 1, 1);
    if (!replay) co_return std::unexpected(replay.error());
    const bool with_output = *replay == 1;
    auto found = find_run(request, services.runs, identity::Permission::runs_control);
    if (!found) co_return std::unexpected(found.error());
    auto standing = standing_of(request, services.identity, found->record);
    if (!found->live) {
        auto old = std::make_shared<Replay>(found->record, services.runs.folder(found->record.id), std::move(standing));
        co_return transport::Stream([old, with_output](Channel& channel) { return old->serve(channel, with_output); });
    }
    auto event = event_of(request, "run.attach", "runs.attach", found->record.id);
    const auto noted = co_await services.audit.append(std::move(event));
    if (!noted) co_return std::unexpected(noted.error());
    auto session = std::make_shared<Session>(found->live, with_output, std::move(standing));
    request.connection->on_close.push_back([weak = std::weak_ptr(session)] {
        if (const auto alive = weak.lock()) alive->client_went();
    });
    co_return transport::Stream([session](Channel& channel) { return session->serve(channel); });
}

} // namespace

std::vector<transport::Route> attach_routes(const Services& services) {
    return {{"runs.attach", {}, [services](Request& request) { return prepare(services, request); }}};
}

} // namespace owhale::verbs
