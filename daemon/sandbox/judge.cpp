#include "sandbox/judge.hpp"

#include <algorithm>

#include "policy/ceiling.hpp"
#include "policy/normal/normalize.hpp"
#include "policy/normal/urls.hpp"
#include "redact/redactor.hpp"
#include "sandbox/agreed_hosts.hpp"
#include "sandbox/record.hpp"

namespace owhale::sandbox {
namespace {

using boost::asio::awaitable;

constexpr std::size_t kShort = 256; // bytes of a text that is judged at once: below two milliseconds on a slow machine
constexpr std::chrono::seconds kJudgeTime{10};
constexpr std::string_view kCagedAgent = "agent.caged";                    // policy/normal/facts.hpp
constexpr std::size_t kMaxSegment = 4096, kMaxOpaque = 16, kMaxHost = 253; // of a host: as of a name in the DNS

std::size_t size_of(const policy::Request& request) {
    std::size_t size = request.script.value_or("").size() + request.code.value_or("").size();
    for (const auto& text : request.argv) size += text.size();
    return size;
}

// Bytes of what was judged as people may see them.
std::string shown_text(std::string_view text) {
    auto out = printable(redact::redacted(text));
    std::vector<std::string> one = {std::move(out)};
    cut_command(one, kMaxSegment);
    return std::move(one.front());
}

api::Ceiling shown(const policy::Ceiling& ceiling) {
    api::Ceiling out;
    if (!ceiling.net.empty()) out.net = ceiling.net;
    if (!ceiling.profile.empty()) out.profile = policy::profiles_of(ceiling);
    if (ceiling.read_only) out.read_only = true;
    if (!ceiling.hosts.empty()) out.hosts = ceiling.hosts;
    return out;
}

std::string part(const std::string& text, policy::Span span) {
    const auto begin = std::min<std::size_t>(span.begin, text.size());
    return text.substr(begin, std::max<std::size_t>(span.end, begin) - begin);
}

api::Verdict shown(const policy::Verdict& verdict, const policy::NormalForm& form) {
    api::Verdict out;
    out.decision = policy::name_of(verdict.decision);
    out.reason = shown_text(verdict.reason);
    out.rule = verdict.rule;
    out.severity = std::string(policy::name_of(verdict.severity));
    out.segment = shown_text(part(form.text, verdict.segment));
    out.segment_begin = verdict.segment.begin;
    out.segment_end = verdict.segment.end;
    for (const auto& opaque : verdict.opaque) {
        if (!out.opaque) out.opaque.emplace();
        if (out.opaque->size() == kMaxOpaque) break;
        out.opaque->push_back({opaque.span.begin, opaque.span.end, shown_text(opaque.reason)});
    }
    if (verdict.decision == policy::Decision::allow) out.ceiling = shown(verdict.ceiling);
    if (!verdict.change.empty()) out.change = shown_text(verdict.change);
    out.policy = verdict.version;
    return out;
}

// The first host beside this machine that its words name, or "another host": what a cage without network cannot reach.
std::string talks_to(const policy::NormalForm& form) {
    std::string unnamed;
    for (const auto& command : form.commands)
        for (const auto& host : command.hosts) {
            if (host.listens || policy::normal::is_loopback(host.name)) continue;
            const bool known = !host.name.empty() && host.name.find('\0') == std::string::npos;
            if (known && host.name.size() <= kMaxHost) return shown_text(host.name);
            unnamed = "another host";
        }
    return unnamed;
}

std::size_t rank(std::string_view decision) {
    return decision == "allow" ? 0 : decision == "ask" ? 1 : 2;
}

// What is asked for beside the command is judged as if it were one; the strictest of all is the verdict.
void hold_to(api::Verdict& to, const Question& question, const std::vector<std::string>& words, policy::Mode mode) {
    policy::Request request;
    request.argv = words;
    const auto form = policy::normalize(request, question.facts);
    const auto verdict = policy::decide(*question.rules, form, question.facts, mode, "none");
    const auto other = shown(verdict, form);
    if (rank(other.decision) > rank(to.decision)) to = other;
}

// An agent's own connection is the one to its provider, of whom its command line says nothing: egress holds it to the profile's hosts.
void mark_agent(policy::NormalForm& form) {
    if (form.commands.empty()) return;
    auto& command = form.commands.front();
    auto& facts = command.facts;
    facts.insert(std::ranges::lower_bound(facts, kCagedAgent), std::string(kCagedAgent));
    for (auto& host : command.hosts)
        if (host.name.empty() && !host.listens) host.agreed = true;
}

Result<Judged> answer(const Question& question, policy::Mode mode) {
    auto form = policy::normalize(question.request, question.facts);
    mark_agreed(form, question.agreed);
    if (question.caged_agent) mark_agent(form);
    const auto verdict = policy::decide(*question.rules, form, question.facts, mode, question.request.net);
    Judged judged{shown(verdict, form), verdict.ceiling, {}, {}, {}, {}};
    for (const auto& words : question.beside) hold_to(judged.verdict, question, words, mode);
    if (judged.verdict.decision == "deny") return judged;
    judged.code = code_files(form);
    judged.named = named_programs(form);
    judged.talks_to = talks_to(form);
    if (judged.verdict.decision == "ask") judged.hosts = named_hosts(form);
    return judged;
}

} // namespace

awaitable<Result<Judged>> Judge::judge(Question question, std::uint32_t uid) {
    const auto mode = settings_.rules->unknown_command_asks ? policy::Mode::strict : policy::Mode::local;
    if (size_of(question.request) <= kShort) co_return answer(question, mode);
    std::function<Result<Judged>()> work = [question = std::make_shared<Question>(std::move(question)), mode] {
        return answer(*question, mode);
    };
    auto judged = co_await blocking_.compute<Judged>(uid, std::move(work), kJudgeTime);
    if (!judged)
        co_return fail(Code::busy, "the command could not be judged in time", "give less at once, or try again");
    co_return judged;
}

Error refusal_of(const api::Verdict& verdict) {
    if (verdict.rule == "layers")
        return {Code::layer_missing, verdict.reason, "`owhalectl doctor` says how to get each", 0, {}};
    const bool asks = verdict.decision == "ask";
    std::string next = "`owhalectl policy explain` shows how it was read";
    if (verdict.change)
        next += "; `owhalectl policy check` prints the rule by which an administrator can let it through "
                "(`verdict.change`)";
    return {asks ? Code::approval_required : Code::denied, verdict.reason, std::move(next), 0, {}};
}

} // namespace owhale::sandbox
