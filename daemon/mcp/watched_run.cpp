#include "mcp/watched_run.hpp"

#include <algorithm>
#include <array>

#include "base/uuid.hpp"
#include "mcp/answers.hpp"
#include "mcp/for_model.hpp"
#include "mcp/output_part.hpp"

namespace owhale::mcp {
namespace {

using boost::asio::awaitable;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::array<std::string_view, 4> kLive = {"queued", "waiting_approval", "starting", "running"};
constexpr seconds kTell{10};           // between two words to the client
constexpr seconds kLongestWatched{44}; // what begins and ends a call takes its time too

std::string waits_for(const api::Run& run) {
    return "waiting for approval " + run.approval.value_or("") +
           ": a person has to agree, outside of this conversation: run `owhalectl approvals watch`";
}

void tell(Call& call, const api::Run& run, steady_clock::time_point began) {
    const auto so_far = std::chrono::duration_cast<seconds>(steady_clock::now() - began).count();
    if (run.state == "waiting_approval")
        call.tell(waits_for(run));
    else if (so_far > 0 && call.tells_progress())
        call.tell(run.state + " for " + std::to_string(so_far) + " s, " +
                  std::to_string(run.stdout_length + run.stderr_length) + " bytes of output");
}

void append(std::string& text, std::string_view name, const OutputPart& part) {
    if (part.total == 0) return;
    (text += "\n--- ") += name;
    if (part.is_binary()) text += ", " + std::to_string(part.total) + " bytes that are not text";
    text += " ---\n" + part.for_reader(name);
}

void emplace(json::object& out, const std::string& name, const OutputPart& part) {
    out.emplace(name, part.is_binary() ? part.as_base64() : part.joined(name));
    if (part.is_binary()) out.emplace(name + "_encoding", "base64");
    out.emplace(name + "_length", part.total);
    if (part.omitted() > 0)
        out.emplace(name + "_omitted", json::object{{"offset", part.omitted_at()}, {"length", part.omitted()}});
}

} // namespace

bool is_run_id(std::string_view text) {
    return parse_uuid(text).has_value();
}

bool has_ended(const api::Run& run) {
    return std::ranges::find(kLive, run.state) == kLive.end();
}

awaitable<std::expected<api::Run, ToolResult>> watch_run(std::shared_ptr<Call> call, api::Run run, seconds most) {
    const auto began = steady_clock::now();
    most = std::min(most, kLongestWatched);
    for (;;) {
        if (has_ended(run) || call->cancelled()) co_return run;
        const auto left = std::chrono::ceil<seconds>(most - (steady_clock::now() - began));
        if (left.count() <= 0) co_return run;
        tell(*call, run, began);
        const bool tells = run.state == "waiting_approval" ? call->tells() : call->tells_progress();
        const auto slice = tells ? std::min(left, kTell) : left;
        std::string method("GET"), target("/v1/runs/" + run.id + "/wait"), body;
        std::string prefer("wait=" + std::to_string(slice.count()));
        const auto response =
            co_await call->ask(std::move(method), std::move(target), std::move(body), std::move(prefer));
        auto now = message_of<api::Run>(response);
        if (!now) co_return std::unexpected(std::move(now).error());
        run = *std::move(now);
    }
}

json::object state_of(const api::Run& run) {
    json::object out{{"id", run.id}, {"state", run.state}};
    if (run.exit_code) out.emplace("exit_code", *run.exit_code);
    if (run.signal) out.emplace("signal", *run.signal);
    if (run.limit) out.emplace("limit", *run.limit);
    if (run.approval) out.emplace("approval", *run.approval);
    return out;
}

std::string in_words(const api::Run& run) {
    const auto code = run.exit_code ? "exit code " + std::to_string(*run.exit_code) : std::string("no exit code");
    const auto because = run.error ? ": " + *run.error : std::string();
    if (run.state == "exited") return code;
    if (run.state == "waiting_approval")
        return waits_for(run) + ".\nNothing has run yet. Call get_output with run=" + run.id +
               " and wait=45 until the state changes.";
    if (!has_ended(run))
        return run.state + ": run=" + run.id +
               ". Call get_output with this id and wait=45 to follow it, kill_run to end it.";
    if (run.state == "signaled") return "ended by " + run.signal.value_or("a signal") + ", " + code;
    if (run.state == "limit_exceeded")
        return "ended: over its limit of " + run.limit.value_or("something") + ", " + code;
    if (run.state == "timed_out" || run.state == "killed")
        return (run.state == "killed" ? "killed, " : "timed out, ") + code;
    return run.state + because;
}

awaitable<ToolResult> show_run(std::shared_ptr<Call> call, api::Run run, std::size_t most) {
    ToolResult out;
    out.structured = state_of(run);
    out.text = for_model(in_words(run));
    out.is_error = has_ended(run) && !(run.state == "exited" && run.exit_code == 0);
    for (const std::string_view stream : {std::string_view("stdout"), std::string_view("stderr")}) {
        auto part = co_await read_ends(call, run, stream, most);
        if (!part) co_return std::move(part).error();
        emplace(out.structured, std::string(stream), *part);
        append(out.text, stream, *part);
    }
    const bool refused = run.state == "denied" || run.state == "expired" || run.state == "cancelled";
    if (run.code)
        out.structured.emplace("error", json::object{{"code", *run.code}, {"message", run.error.value_or("")}});
    if (run.verdict && refused) {
        out.structured.emplace("verdict", brief(*run.verdict));
        out.text += "\n" + in_words(*run.verdict);
    }
    json::array hints;
    for (const auto& hint : run.hints) {
        const auto next = in_tool_words(hint.next);
        hints.push_back({{"what", hint.what}, {"next", next}});
        out.text += "\nhint: " + for_model(hint.what + "; " + next);
    }
    if (!hints.empty()) out.structured.emplace("hints", std::move(hints));
    co_return out;
}

} // namespace owhale::mcp
