#include "audit/sums.hpp"
#include "identity/service.hpp"
#include "policy/decide.hpp"
#include "redact/redactor.hpp"
#include "sandbox/record.hpp"
#include "sandbox/rules.hpp"
#include "verbs/asker.hpp"
#include "verbs/caller.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using transport::Request;
using transport::Response;

constexpr std::size_t kMostWords = 64, kMostOfCommand = 4096; // of a command in the log; bytes of all

std::vector<std::string> commands_of(const std::vector<policy::Example>& examples) {
    std::vector<std::string> out;
    for (const auto& example : examples) out.push_back(example.command);
    return out;
}

api::PolicyRule shown(const policy::Rule& rule, bool with_examples) {
    api::PolicyRule out;
    out.id = rule.id;
    out.decision = policy::name_of(rule.decision);
    out.severity = policy::name_of(rule.severity);
    out.reason = rule.reason;
    out.modes = rule.modes;
    out.file = rule.file;
    out.line = rule.line;
    if (!rule.overrides.empty()) out.overrides = rule.overrides;
    if (!with_examples) return out;
    out.match = commands_of(rule.match);
    out.no_match = commands_of(rule.no_match);
    return out;
}

Result<Response> list(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    const auto set = services.rules.current();
    api::PolicyRules out{set->version, services.settings.mode, {}};
    for (const auto& rule : set->rules) out.rules.push_back(shown(rule, false));
    return reply(out);
}

Result<Response> show(const Services& services, const Request& request) {
    CHECK(only(request, {}));
    const auto& id = request.params.at("rule");
    for (const auto& rule : services.rules.current()->rules)
        if (rule.id == id) return reply(shown(rule, true));
    return fail(Code::not_found, "there is no such rule", "`owhalectl policy rules` lists them");
}

api::RunRequest run_of(api::CheckRequest&& check) {
    api::RunRequest run;
    run.argv = std::move(check.argv);
    run.script = std::move(check.script);
    run.language = std::move(check.language);
    run.code = std::move(check.code);
    run.cwd = std::move(check.cwd);
    run.workspace = std::move(check.workspace);
    run.path = std::move(check.path);
    run.profile = std::move(check.profile);
    run.net = std::move(check.net);
    run.home = std::move(check.home);
    run.env = std::move(check.env);
    return run;
}

// What was asked about, as far as a person wants to read it.
boost::json::array words_of(const api::CheckRequest& check) {
    std::vector<std::string> words = check.argv.value_or(std::vector<std::string>());
    if (check.script) words.push_back(*check.script);
    if (check.code) words.push_back(*check.code);
    redact::redact_arguments(words);
    sandbox::cut_command(words, kMostOfCommand);
    boost::json::array out;
    for (const auto& word : words)
        if (out.size() < kMostWords) out.emplace_back(word);
    return out;
}

// Verdicts that would stop a run singly, as long as their asker has not had many; the others as a count.
void note_check(audit::Sums& sums, const Request& request, boost::json::array words, const api::Verdict& verdict) {
    audit::Event event{"policy.checked", request.who().name, "policy.check", verdict.decision, "", {}};
    auto told = audit::Sums::Told::summed;
    if (verdict.decision != "allow") {
        told = audit::Sums::Told::singly;
        event.data = {{"command", std::move(words)}, {"rule", verdict.rule}, {"reason", verdict.reason}};
        if (verdict.severity) event.data["severity"] = *verdict.severity;
    }
    if (verdict.policy) event.data["policy"] = *verdict.policy;
    sums.put(request.who().name + " " + verdict.decision, std::move(event), told);
}

awaitable<Result<Response>> check(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    auto body = codec::decode<api::CheckRequest>(request.body);
    if (!body) co_return std::unexpected(body.error());
    auto words = words_of(*body);
    auto caller = caller_of(request, services.runs);
    auto verdict = co_await services.runs.check(run_of(std::move(*body)), std::move(caller));
    if (!verdict) co_return std::unexpected(verdict.error());
    note_check(*services.sums, request, std::move(words), *verdict);
    co_return reply(*verdict);
}

// The rules that are asked for, and who asked, are on disk whatever comes of it.
awaitable<Result<Response>> reload(Services services, Request& request) {
    CO_CHECK(only(request, {}));
    const auto standing = standing_of(request, services.identity, identity::Permission::users);
    const auto loaded = co_await services.reload_rules(request.who().name, standing);
    if (!loaded) co_return std::unexpected(loaded.error());
    co_return reply(*loaded);
}

} // namespace

std::vector<transport::Route> policy_routes(const Services& services) {
    const auto now = answered_now(services);
    const auto later = answered_later(services);
    return {
        {"policy.rules", now(list), {}},
        {"policy.rule", now(show), {}},
        {"policy.check", later(check), {}},
        {"policy.reload", later(reload), {}},
    };
}

} // namespace owhale::verbs
