// check_command, list_runs, get_output: tools that change nothing.
#include "mcp/answers.hpp"
#include "mcp/arguments.hpp"
#include "mcp/for_model.hpp"
#include "mcp/output_part.hpp"
#include "mcp/tool.hpp"
#include "mcp/watched_run.hpp"

namespace owhale::mcp {
namespace {

using boost::asio::awaitable;

constexpr std::size_t kLongestCommand = 400; // bytes of one in a list
constexpr std::uint64_t kMostListed = 50, kUsuallyListed = 20;

Error invalid(std::string message, std::string next = {}) {
    return {Code::invalid_value, std::move(message), std::move(next), 0, {}};
}

Error no_run_id() {
    return invalid("run must be the id of a run, 36 characters", "list_runs lists yours");
}

std::string command_of(const api::Run& run) {
    std::string text;
    if (run.kind.value_or("argv") != "argv" && !run.command.empty())
        text = run.command.back();
    else
        for (const auto& word : run.command) (text += text.empty() ? "" : " ") += word;
    if (text.size() <= kLongestCommand) return text;
    return std::string(without_cut_end(std::string_view(text).substr(0, kLongestCommand))) + "…";
}

ToolResult listed(const api::RunList& list) {
    ToolResult out;
    json::array runs;
    for (const auto& run : list.runs) {
        auto one = state_of(run);
        const auto command = command_of(run);
        one.emplace("command", command);
        one.emplace("cwd", run.cwd);
        one.emplace("created", run.created);
        if (run.ended) one.emplace("ended", *run.ended);
        runs.push_back(std::move(one));
        out.text += run.id + "  " + run.state + (run.exit_code ? " " + std::to_string(*run.exit_code) : "") + "  " +
                    run.created + "  " + for_model(command.substr(0, command.find('\n'))) + "\n";
    }
    if (runs.empty()) out.text = "no runs";
    out.structured.emplace("runs", std::move(runs));
    if (list.next) {
        out.structured.emplace("next", *list.next);
        out.text += "more: list_runs before=" + *list.next;
    }
    return out;
}

ToolResult shown(const api::Run& run, const std::string& stream, const OutputSlice& slice) {
    ToolResult out;
    out.structured = state_of(run);
    const OutputPart part{run.id, slice.bytes, {}, slice.total, slice.bytes.size()};
    const auto next = slice.offset + slice.bytes.size();
    out.structured.emplace("stream", stream);
    out.structured.emplace("offset", slice.offset);
    out.structured.emplace("text", part.is_binary() ? part.as_base64() : slice.bytes);
    if (part.is_binary()) out.structured.emplace("encoding", "base64");
    out.structured.emplace("next_offset", next);
    out.structured.emplace("total_length", slice.total);
    out.text = for_model(in_words(run)) + "\n--- " + stream + ", bytes " + std::to_string(slice.offset) + " to " +
               std::to_string(next) + " of " + std::to_string(slice.total) + (part.is_binary() ? ", in base64" : "") +
               " ---\n" + (part.is_binary() ? part.as_base64() : for_model(slice.bytes));
    return out;
}

} // namespace

awaitable<ToolResult> check_command(std::shared_ptr<Call> call, json::object given) {
    auto arguments = arguments_of<CheckCommand>(given);
    if (!arguments) co_return std::move(arguments).error();
    api::CheckRequest request;
    request.argv = std::move(arguments->argv);
    request.script = std::move(arguments->command);
    request.language = std::move(arguments->language);
    request.code = std::move(arguments->code);
    request.cwd = std::move(arguments->cwd);
    if (!request.cwd)
        if (auto cwd = call->hint("owhale-cwd"); !cwd.empty()) request.cwd = std::move(cwd);
    if (auto path = call->hint("owhale-path"); !path.empty()) request.path = std::move(path);
    if (auto home = call->hint("owhale-home"); !home.empty()) request.home = std::move(home);
    request.workspace = std::move(arguments->workspace);
    request.profile = std::move(arguments->profile);
    request.net = std::move(arguments->net);
    request.env = std::move(arguments->env);
    std::string method("POST"), target("/v1/policy/check"), body(codec::to_text(request)), prefer;
    const auto response = co_await call->ask(std::move(method), std::move(target), std::move(body), std::move(prefer));
    const auto verdict = message_of<api::Verdict>(response);
    if (!verdict) co_return verdict.error();
    ToolResult out;
    out.structured.emplace("verdict", brief(*verdict));
    out.text = in_words(*verdict);
    co_return out;
}

awaitable<ToolResult> list_runs(std::shared_ptr<Call> call, json::object given) {
    const auto arguments = arguments_of<ListRuns>(given);
    if (!arguments) co_return arguments.error();
    const auto limit = arguments->limit.value_or(kUsuallyListed);
    if (limit == 0 || limit > kMostListed) co_return refused(invalid("limit must be between 1 and 50"));
    std::string method("GET"), target("/v1/runs?limit=" + std::to_string(limit)), body, prefer;
    for (const auto& [name, value] : {std::pair("state", arguments->state), std::pair("before", arguments->before)}) {
        if (!value) continue;
        const bool plain = value->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
        if (!plain || value->size() > 64) co_return refused(invalid(std::string(name) + " is none"));
        target += "&" + std::string(name) + "=" + *value;
    }
    const auto response = co_await call->ask(std::move(method), std::move(target), std::move(body), std::move(prefer));
    const auto list = message_of<api::RunList>(response);
    if (!list) co_return list.error();
    co_return listed(*list);
}

awaitable<ToolResult> get_output(std::shared_ptr<Call> call, json::object given) {
    const auto arguments = arguments_of<GetOutput>(given);
    if (!arguments) co_return arguments.error();
    if (!is_run_id(arguments->run)) co_return refused(no_run_id());
    const auto stream = arguments->stream.value_or("stdout");
    const auto length = arguments->length.value_or(kUsualOutput), wait = arguments->wait.value_or(0);
    if (stream != "stdout" && stream != "stderr") co_return refused(invalid("stream must be stdout or stderr"));
    if (length == 0 || length > kMostOutput) co_return refused(invalid("length must be between 1 and 65536"));
    if (wait > static_cast<std::uint64_t>(kLongestWait.count()))
        co_return refused(invalid("wait: at most 45 seconds", "call it again"));
    std::string method("GET"), target("/v1/runs/" + arguments->run), body, prefer;
    const auto response = co_await call->ask(std::move(method), std::move(target), std::move(body), std::move(prefer));
    auto run = message_of<api::Run>(response);
    if (!run) co_return std::move(run).error();
    auto seen = co_await watch_run(call, *std::move(run), std::chrono::seconds(wait));
    if (!seen) co_return std::move(seen).error();
    std::string id(seen->id);
    const auto slice = co_await read_slice(call, std::move(id), stream, arguments->offset.value_or(0), length);
    if (!slice) co_return slice.error();
    co_return shown(*seen, stream, *slice);
}

} // namespace owhale::mcp
