// send_input and kill_run: what is done to a run that goes on.
#include "mcp/answers.hpp"
#include "mcp/arguments.hpp"
#include "mcp/for_model.hpp"
#include "mcp/tool.hpp"
#include "mcp/watched_run.hpp"
#include "shared/api_input.hpp"

namespace owhale::mcp {
namespace {

using boost::asio::awaitable;

Error no_run_id() {
    return {Code::invalid_value, "run must be the id of a run, 36 characters", "list_runs lists yours", 0, {}};
}

} // namespace

awaitable<ToolResult> send_input(std::shared_ptr<Call> call, json::object given) {
    auto arguments = arguments_of<SendInput>(given);
    if (!arguments) co_return std::move(arguments).error();
    if (!is_run_id(arguments->run)) co_return refused(no_run_id());
    const api::InputRequest request{std::move(arguments->text), std::move(arguments->base64), arguments->close};
    std::string method("POST"), target("/v1/runs/" + arguments->run + "/input"), body(codec::to_text(request)), prefer;
    const auto response = co_await call->ask(std::move(method), std::move(target), std::move(body), std::move(prefer));
    const auto taken = message_of<api::InputTaken>(response);
    if (!taken) co_return taken.error();
    ToolResult out;
    out.structured = {{"bytes", taken->bytes}, {"pending", taken->pending}, {"closed", taken->closed}};
    out.text = std::to_string(taken->bytes) + " bytes given to the run" +
               (taken->pending ? "; it has not read all of them yet" : "") +
               (taken->closed ? "; its input ends there" : "");
    co_return out;
}

awaitable<ToolResult> kill_run(std::shared_ptr<Call> call, json::object given) {
    auto arguments = arguments_of<KillRun>(given);
    if (!arguments) co_return std::move(arguments).error();
    if (!is_run_id(arguments->run)) co_return refused(no_run_id());
    const bool signals = arguments->signal.has_value();
    std::string method("POST"), target("/v1/runs/" + arguments->run + (signals ? "/signal" : "/kill")), body, prefer;
    if (signals) body = codec::to_text(api::SignalRequest{*arguments->signal});
    const auto response = co_await call->ask(std::move(method), std::move(target), std::move(body), std::move(prefer));
    const auto run = message_of<api::Run>(response);
    if (!run) co_return run.error();
    ToolResult out;
    out.structured = state_of(*run);
    out.text = signals ? "the signal was sent; " : "the run is being ended; ";
    out.text += for_model("its state is " + run->state + ", get_output with wait tells its end");
    co_return out;
}

} // namespace owhale::mcp
