#include "cli/hook_answers.hpp"

#include <boost/json/serialize.hpp>

namespace owhale::cli {
namespace {

namespace json = boost::json;
using Kind = HookDecision::Kind;

std::string_view word_of(Kind kind) {
    if (kind == Kind::rewrite || kind == Kind::same) return "allow";
    return kind == Kind::ask ? "ask" : "deny";
}

json::object changed(const HookCall& call, const HookDecision& decision) {
    auto arguments = call.arguments;
    arguments[call.field] = decision.command;
    return arguments;
}

json::object permission(const HookCall& call, const HookDecision& decision) {
    json::object out = {{"hookEventName", "PreToolUse"},
                        {"permissionDecision", word_of(decision.kind)},
                        {"permissionDecisionReason", decision.reason}};
    if (decision.kind == Kind::rewrite) {
        out["updatedInput"] = changed(call, decision);
        out["additionalContext"] = decision.reason; // the reason of an allow is not shown to the model
    }
    return {{"hookSpecificOutput", std::move(out)}};
}

// Its documentation has deny, and members that are put over the arguments; no word lets a call skip its own questions.
json::object gemini(const HookCall& call, const HookDecision& decision) {
    if (decision.kind == Kind::deny) return {{"decision", "deny"}, {"reason", decision.reason}};
    return {
        {"hookSpecificOutput", {{"hookEventName", "BeforeTool"}, {"tool_input", {{call.field, decision.command}}}}}};
}

json::object flat(const HookCall& call, const HookDecision& decision) {
    json::object out = {{"permissionDecision", word_of(decision.kind)}, {"permissionDecisionReason", decision.reason}};
    if (decision.kind == Kind::rewrite) out["modifiedArgs"] = changed(call, decision);
    return out;
}

json::object cursor(const HookDecision& decision) {
    return {
        {"permission", word_of(decision.kind)}, {"user_message", decision.reason}, {"agent_message", decision.reason}};
}

HookDecision sayable(const Agent& agent, HookDecision decision) {
    const auto& dialect = agent.dialect;
    if ((decision.kind == Kind::ask && !dialect.ask) || (decision.kind == Kind::rewrite && !dialect.rewrite) ||
        (decision.kind == Kind::same && dialect.rewrite))
        decision.kind = Kind::deny;
    return decision;
}

json::object object_of(const Agent& agent, const HookCall& call, const HookDecision& decision) {
    switch (agent.dialect.answer) {
    case Answer::permission:
        return permission(call, decision);
    case Answer::decision:
        return gemini(call, decision);
    case Answer::flat:
        return flat(call, decision);
    case Answer::cursor:
        return cursor(decision);
    }
    return {};
}

} // namespace

std::string hook_answer(const Agent& agent, const HookCall& call, const HookDecision& decision) {
    if (decision.kind == Kind::none) return "{}\n";
    return json::serialize(object_of(agent, call, sayable(agent, decision))) + "\n";
}

} // namespace owhale::cli
