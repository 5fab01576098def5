#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "sandbox/run.hpp"
#include "sandbox/why.hpp"
#include "verbs/caller.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using identity::Permission;
using sandbox::Output;
using transport::Request;
using transport::Response;

constexpr std::chrono::seconds kLongPoll{25};
constexpr std::uint64_t kMostAtOnce = 4u << 20;
constexpr std::uint64_t kUsual = 1u << 20;
constexpr std::uint64_t kMaxOffset = std::uint64_t{1} << 53;

Response bytes_of(const Output& output, std::uint64_t offset, std::size_t limit, const std::string& state) {
    auto slice = output.read(offset, limit);
    Response response;
    response.content_type = "application/octet-stream";
    response.body = std::move(slice.bytes);
    response.headers = {{"Owhale-Offset", std::to_string(slice.offset)},
                        {"Owhale-Length", std::to_string(output.length())},
                        {"Owhale-State", state}};
    if (output.head_end() < output.tail_start())
        response.headers.emplace_back("Owhale-Truncated",
                                      std::to_string(output.head_end()) + "-" + std::to_string(output.tail_start()));
    return response;
}

// Until there is something behind the offset, the run is over, the client has gone, or the time is up.
awaitable<void> wait_for_bytes(std::shared_ptr<sandbox::Run> run, std::size_t stream, std::uint64_t offset,
                               std::shared_ptr<transport::Connection> connection) {
    const auto late = std::make_shared<bool>(false);
    asio::steady_timer timer(co_await asio::this_coro::executor, kLongPoll);
    timer.async_wait([late, run](const boost::system::error_code& error) {
        if (error) return;
        *late = true;
        run->changed().notify();
    });
    while (run->output(stream).length() <= offset && !run->over() && !*late && connection->open)
        co_await run->changed().wait();
}

Result<std::size_t> stream_of(const Request& request) {
    const auto name = text_of(request, "stream");
    if (name.empty() || name == "stdout") return 0;
    if (name == "stderr") return 1;
    return fail(Code::invalid_value, "stream must be stdout or stderr");
}

awaitable<Result<Response>> output(Services services, Request& request) {
    CO_CHECK(only(request, {"stream", "offset", "limit", "wait"}));
    const auto stream = stream_of(request);
    if (!stream) co_return std::unexpected(stream.error());
    const auto offset = number_of(request, "offset", 0, kMaxOffset);
    if (!offset) co_return std::unexpected(offset.error());
    const auto limit = number_of(request, "limit", kUsual, kMostAtOnce);
    if (!limit) co_return std::unexpected(limit.error());
    const auto wait = number_of(request, "wait", 0, 1);
    if (!wait) co_return std::unexpected(wait.error());
    auto found = find_run(request, services.runs, Permission::runs_read);
    if (!found) co_return std::unexpected(found.error());
    if (found->live) {
        const auto run = found->live;
        if (*wait == 1) co_await wait_for_bytes(run, *stream, *offset, request.connection);
        // What a run that is over says last has been read: only then is its state shown as an end.
        const std::string state(run->over() ? sandbox::name(run->state()) : "running");
        co_return bytes_of(run->output(*stream), *offset, *limit, state);
    }
    const auto& record = found->record;
    const auto kept = Output::open(services.runs.folder(record.id) + (*stream == 0 ? "/stdout" : "/stderr"));
    const auto length = *stream == 0 ? record.stdout_length : record.stderr_length;
    if (!kept && length != 0)
        co_return fail(Code::not_found, "the output of this run is not kept any more",
                       "keep-bytes and keep-days hold it longer");
    const Output none("", 0);
    co_return bytes_of(kept ? *kept : none, *offset, *limit, record.state);
}

Result<Response> why(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    const auto found = TRY(find_run(request, services.runs, Permission::runs_read));
    const auto& run = found.record;
    return reply(api::Why{run.id, run.state, sandbox::summary(run), run.hints});
}

} // namespace

std::vector<transport::Route> output_routes(const Services& services) {
    return {
        {"runs.output", [services](Request& request) { return output(services, request); }, {}},
        {"runs.why",
         [services](Request& request) -> awaitable<Result<Response>> { co_return why(services, request); },
         {}},
    };
}

} // namespace owhale::verbs
