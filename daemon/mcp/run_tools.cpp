// run_command and run_code: a run of the API, waited for, shown, and ended when the client gives the call up.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "mcp/answers.hpp"
#include "mcp/arguments.hpp"
#include "mcp/tool.hpp"
#include "mcp/watched_run.hpp"
#include "shared/host_text.hpp"

namespace owhale::mcp {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::size_t kLeastOutput = 1024;
constexpr std::uint64_t kLongestTimeout = 31'536'000; // a year, in seconds
constexpr int kTries = 5;                             // to end a run whose caller asks too much at the moment
constexpr std::chrono::seconds kBetween{2};

Result<api::SecretUse> secret_of(const std::string& text) {
    const auto equals = text.find('=');
    api::SecretUse use;
    use.name = text.substr(0, equals);
    if (equals == std::string::npos) return use;
    if (text.substr(equals + 1) != "env") return fail(Code::invalid_value, "secrets: NAME or NAME=env");
    use.as = "env";
    return use;
}

Status take_network(const RunArguments& from, api::RunRequest& to) {
    to.net = from.net;
    if (from.allow_hosts) {
        to.allow_hosts.emplace();
        for (const auto& text : *from.allow_hosts) to.allow_hosts->push_back(TRY(parse_host(text)));
        if (!to.net) to.net = "scoped";
    }
    if (from.secrets) {
        to.secrets.emplace();
        for (const auto& text : *from.secrets) to.secrets->push_back(TRY(secret_of(text)));
    }
    return {};
}

// It goes on when the connection that it came by has gone: it is found by its id, and by nothing else.
Result<api::RunRequest> request_of(const Call& call, RunArguments&& from) {
    api::RunRequest to;
    CHECK(take_network(from, to));
    to.detach = true;
    to.cwd = std::move(from.cwd);
    if (!to.cwd)
        if (auto cwd = call.hint("owhale-cwd"); !cwd.empty()) to.cwd = std::move(cwd);
    if (auto path = call.hint("owhale-path"); !path.empty()) to.path = std::move(path);
    if (auto home = call.hint("owhale-home"); !home.empty()) to.home = std::move(home);
    to.workspace = std::move(from.workspace);
    to.profile = std::move(from.profile);
    to.description = std::move(from.description);
    to.env = std::move(from.env);
    to.stdin_ = std::move(from.stdin_);
    to.stdin_open = from.stdin_open;
    if (from.timeout.value_or(0) > kLongestTimeout)
        return fail(Code::invalid_value, "timeout: at most " + std::to_string(kLongestTimeout) + " seconds");
    if (from.timeout) to.timeout_ms = *from.timeout * 1000;
    return to;
}

Status check_bounds(const RunArguments& arguments) {
    if (arguments.wait.value_or(0) > static_cast<std::uint64_t>(kLongestWait.count()))
        return fail(Code::invalid_value, "wait: at most 45 seconds", "a longer run goes on: get_output follows it");
    if (const auto most = arguments.max_output.value_or(kUsualOutput); most < kLeastOutput || most > kMostOutput)
        return fail(Code::invalid_value, "max_output must be between 1024 and 65536", "get_output reads the rest");
    return {};
}

// Whoever gave the call up shall not find the run going on: a waiting one is cancelled, a running one killed.
awaitable<void> end_run(std::shared_ptr<Call> call, std::string id) {
    constexpr unsigned kTooMany = 429;
    asio::steady_timer timer(call->executor());
    boost::system::error_code ignored;
    for (int tries = 0; tries < kTries; ++tries) {
        std::string method("POST"), target("/v1/runs/" + id + "/kill"), body, prefer;
        const auto response =
            co_await call->ask(std::move(method), std::move(target), std::move(body), std::move(prefer));
        if (response.status != kTooMany) co_return;
        timer.expires_after(kBetween);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

awaitable<ToolResult> carry_out(std::shared_ptr<Call> call, api::RunRequest request, std::chrono::seconds wait,
                                std::size_t most) {
    std::string method("POST"), target("/v1/runs"), body(codec::to_text(request)), prefer;
    const auto response = co_await call->ask(std::move(method), std::move(target), std::move(body), std::move(prefer));
    auto run = message_of<api::Run>(response);
    if (!run) co_return std::move(run).error();
    const auto id = run->id;
    if (call->cancelled()) {
        std::string given_up(id);
        co_await end_run(call, std::move(given_up));
        co_return ToolResult{};
    }
    call->on_cancel = [weak = std::weak_ptr(call), id] {
        const auto alive = weak.lock();
        if (alive) asio::co_spawn(alive->executor(), end_run(alive, id), asio::detached);
    };
    auto seen = co_await watch_run(call, *std::move(run), wait);
    if (!seen) co_return std::move(seen).error();
    co_return co_await show_run(call, *std::move(seen), most);
}

awaitable<ToolResult> run(std::shared_ptr<Call> call, Result<api::RunRequest> request, const RunArguments& bounds) {
    const auto good = check_bounds(bounds);
    if (!request) co_return refused(request.error());
    if (!good) co_return refused(good.error());
    const auto wait = std::chrono::seconds(bounds.wait.value_or(static_cast<std::uint64_t>(kLongestWait.count())));
    co_return co_await carry_out(call, *std::move(request), wait, bounds.max_output.value_or(kUsualOutput));
}

} // namespace

awaitable<ToolResult> run_command(std::shared_ptr<Call> call, json::object given) {
    auto arguments = arguments_of<RunCommand>(given);
    if (!arguments) co_return std::move(arguments).error();
    if (arguments->command.has_value() == arguments->argv.has_value())
        co_return refused(Error{Code::invalid_value, "give either command or argv", {}, 0, {}});
    const RunArguments bounds = *arguments;
    auto request = request_of(*call, std::move(*arguments));
    if (request) {
        request->script = std::move(arguments->command);
        request->argv = std::move(arguments->argv);
    }
    co_return co_await run(call, std::move(request), bounds);
}

awaitable<ToolResult> run_code(std::shared_ptr<Call> call, json::object given) {
    auto arguments = arguments_of<RunCode>(given);
    if (!arguments) co_return std::move(arguments).error();
    const RunArguments bounds = *arguments;
    auto request = request_of(*call, std::move(*arguments));
    if (request) {
        request->language = std::move(arguments->language);
        request->code = std::move(arguments->code);
        request->args = std::move(arguments->args);
    }
    co_return co_await run(call, std::move(request), bounds);
}

} // namespace owhale::mcp
