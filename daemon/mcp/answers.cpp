#include "mcp/answers.hpp"

#include <cstring>

#include "mcp/for_model.hpp"

namespace owhale::mcp {
namespace {

// How to change a grave verdict is for people to look up, not for the model that met it.
bool tells_change(const api::Verdict& verdict) {
    return verdict.change && verdict.severity != "critical";
}

ToolResult refused(std::string_view code, const std::string& message, const std::string& given_next,
                   std::optional<std::uint32_t> retry_after) {
    const auto next = in_tool_words(given_next);
    ToolResult out;
    out.is_error = true;
    json::object error{{"code", code}, {"message", message}};
    if (!next.empty()) error.emplace("next", next);
    if (retry_after) error.emplace("retry_after", *retry_after);
    out.structured.emplace("error", std::move(error));
    out.text = std::string(code) + ": " + message + (next.empty() ? "" : "\n" + next);
    if (retry_after) out.text += "\nTry again in " + std::to_string(*retry_after) + " s.";
    out.text = for_model(out.text);
    return out;
}

} // namespace

json::object brief(const api::Verdict& verdict) {
    json::object out{{"decision", verdict.decision}, {"reason", verdict.reason}, {"rule", verdict.rule}};
    if (verdict.severity) out.emplace("severity", *verdict.severity);
    if (verdict.segment) out.emplace("segment", *verdict.segment);
    if (tells_change(verdict)) out.emplace("change", *verdict.change);
    return out;
}

std::string in_words(const api::Verdict& verdict) {
    std::string text = verdict.decision + ": " + verdict.reason + " (rule " + verdict.rule + ")";
    if (verdict.segment) text += "\nbecause of: " + *verdict.segment;
    if (tells_change(verdict) && verdict.decision != "allow")
        text += "\nThe administrator's rules could change it; the smallest such rule:\n" + *verdict.change;
    return for_model(text);
}

ToolResult refused(const Error& error) {
    const auto message = error.errnum == 0 ? error.message : error.message + ": " + ::strerror(error.errnum);
    return refused(describe(error.code).name, message, error.next, std::nullopt);
}

ToolResult refused(const transport::Response& response) {
    const auto problem = codec::decode<api::Problem>(response.body);
    if (!problem) return refused(Error{Code::internal, "owhaled answered with something unknown", {}, 0, {}});
    auto out = refused(problem->code, problem->detail, problem->next.value_or(""), problem->retry_after);
    if (problem->run) out.structured.emplace("id", *problem->run);
    if (problem->approval) out.structured.emplace("approval", *problem->approval);
    if (!problem->verdict) return out;
    out.structured.emplace("state", "denied");
    out.structured.emplace("verdict", brief(*problem->verdict));
    out.text = "not run, " + in_words(*problem->verdict) + "\n" + out.text;
    return out;
}

} // namespace owhale::mcp
