// POST /v1/runs/{id}/input: standard input of a run that was made with it open, a piece at a time.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>
#include <sodium/utils.h>

#include "verbs/input.hpp"

#include "audit/log.hpp"
#include "sandbox/run.hpp"
#include "shared/api_input.hpp"
#include "verbs/asker.hpp"
#include "verbs/caller.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using sandbox::Run;
using transport::Request;
using transport::Response;

constexpr std::size_t kMost = 64u << 10;     // bytes at once: what a pipe takes
constexpr std::chrono::seconds kPatience{2}; // for the run to take them; after that they wait without us

Result<std::string> bytes_of(const api::InputRequest& request) {
    if (request.text && request.base64) return fail(Code::invalid_value, "give either text or base64");
    auto bytes = request.text.value_or("");
    if (const auto& text = request.base64) {
        std::size_t size = 0;
        bytes.resize(text->size());
        if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text->data(), text->size(),
                              nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0)
            return fail(Code::invalid_value, "base64 is not valid, or lacks its padding");
        bytes.resize(size);
    }
    if (bytes.size() > kMost) return fail(Code::invalid_value, "more than 64 KiB at once", "send it in parts");
    return bytes;
}

Status check_takes(const Run& run) {
    if (run.state() != sandbox::State::running)
        return fail(Code::conflict, "the run has not started yet", "ask again when its state is running");
    switch (run.stdin_now(nullptr)) {
    case Run::StdinNow::open:
        return {};
    case Run::StdinNow::busy:
        return fail(Code::busy, "the run has not taken yet what it was given before", "try again in a moment");
    case Run::StdinNow::anothers:
        return fail(Code::conflict, "somebody attached to the run writes to it", "only one may");
    case Run::StdinNow::closed:
        break;
    }
    return fail(Code::conflict, "the run's standard input is closed", "a run made with stdin_open has it open");
}

struct Work {
    explicit Work(const asio::any_io_executor& executor) : done(executor, asio::steady_timer::time_point::max()) {}
    asio::steady_timer done;
    bool over = false;
};

awaitable<void> write(std::shared_ptr<Run> run, std::string bytes, bool close) {
    co_await run->write_stdin(nullptr, std::move(bytes));
    if (close) run->close_stdin(nullptr);
}

// Runs and who wrote to them: each pair is told once, and again at the input's end. Bounded; then told anew.
using Told = std::set<std::string>;
constexpr std::size_t kMostTold = 4096;

awaitable<Status> note_input(const Services& services, const Request& request, const std::string& run, bool close,
                             Told& told) {
    const auto pair = run + " " + request.who().name;
    if (told.contains(pair) && !close) co_return Status{};
    auto event = event_of(request, "run.input", "runs.input", run);
    event.data["end"] = close;
    const auto noted = co_await services.audit.append(std::move(event));
    if (!noted) co_return std::unexpected(noted.error());
    if (told.size() >= kMostTold) told.clear();
    told.insert(pair);
    co_return Status{};
}

awaitable<Result<Response>> input(Services services, std::shared_ptr<Told> told, Request& request) {
    CO_CHECK(only(request, {}));
    const auto body = codec::decode<api::InputRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    auto bytes = bytes_of(*body);
    if (!bytes) co_return std::unexpected(bytes.error());
    const auto run = find_live(request, services.runs);
    if (!run) co_return std::unexpected(run.error());
    CO_CHECK(check_takes(**run));
    const bool close = body->close.value_or(false);
    const auto noted = co_await note_input(services, request, (*run)->id(), close, *told);
    if (!noted) co_return std::unexpected(noted.error());
    CO_CHECK(check_takes(**run)); // while it was written down
    api::InputTaken taken{bytes->size(), false, close};
    const auto executor = co_await asio::this_coro::executor;
    const auto work = std::make_shared<Work>(executor);
    auto writing = write(*run, *std::move(bytes), close);
    asio::co_spawn(executor, std::move(writing), [work](const std::exception_ptr&) {
        work->over = true;
        work->done.cancel();
    });
    boost::system::error_code ignored;
    if (!work->over) {
        work->done.expires_after(kPatience);
        co_await work->done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    taken.pending = !work->over;
    co_return reply(taken);
}

} // namespace

std::vector<transport::Route> input_routes(const Services& services) {
    const auto told = std::make_shared<Told>();
    return {{"runs.input", [services, told](Request& request) { return input(services, told, request); }, {}}};
}

} // namespace owhale::verbs
