#include "cli/call.hpp"

#include <charconv>
#include <ctime>

#include "cli/escape.hpp"
#include "cli/messages.hpp"
#include "cli/percent.hpp"
#include "shared/verbs.hpp"

namespace owhale::cli {
namespace {

Error unexplained(const Reply& reply) {
    return Error{Code::internal,
                 "owhaled answered with HTTP status " + std::to_string(reply.status),
                 "see owhaled's log, and owhalectl status",
                 0,
                 {}};
}

// What to do about these is said in owhalectl's words: owhaled's speak of HTTP.
bool ours_to_say(Code code) {
    return describe(code).status == 401 || code == Code::step_up_required || code == Code::password_change_required;
}

// What was refused, and by which rule: "…: `rm -rf /` (rule destroy.rm-outside, critical)".
std::string told(const api::Verdict& verdict) {
    constexpr std::size_t kMostColumns = 300;
    std::string out;
    if (verdict.segment && !verdict.segment->empty())
        out += ": `" + clipped(escaped(*verdict.segment), kMostColumns) + "`";
    out += " (rule " + verdict.rule;
    if (verdict.severity && *verdict.severity != "none") out += ", " + *verdict.severity;
    return out + ")";
}

// Where a device's key was refused no login helps.
std::string next_of_device(Code code, const api::Problem& problem, const std::string& url) {
    const auto forget = "; owhalectl --host " + quoted(url) + " logout forgets this machine's device key";
    if (code == Code::token_revoked && problem.next.value_or("").starts_with("ask an admin"))
        return "ask an admin of that owhaled" + forget;
    if (code == Code::token_revoked || code == Code::token_expired || code == Code::token_signature)
        return "owhalectl pair join " + quoted(url) + ", with a new code" + forget;
    return {};
}

Error error_of(const api::Problem& problem) {
    Error error;
    error.code = code_of(problem.code);
    error.message = problem.detail.empty() ? problem.title : problem.detail;
    if (describe(error.code).name != problem.code) error.message = problem.code + ": " + error.message;
    if (problem.verdict && problem.verdict->segment && error.message.ends_with('.')) error.message.pop_back();
    if (problem.verdict) error.message += told(*problem.verdict);
    if (problem.step) error.step = *problem.step;
    if (!ours_to_say(error.code)) error.next = problem.next.value_or("");
    error.retry_after = problem.retry_after.value_or(0);
    return error;
}

} // namespace

Target target_of(const Call& call) {
    const Verb* verb = find_verb(call.verb);
    std::string path(verb->path);
    const auto open = path.find('{');
    if (open != std::string::npos) path.replace(open, path.find('}') - open + 1, to_percent(call.id));
    char separator = '?';
    for (const auto& [key, value] : call.query) {
        path += separator + to_percent(key) + '=' + to_percent(value);
        separator = '&';
    }
    return {verb->method, std::move(path)};
}

std::uint64_t header_number(const Reply& reply, std::string_view name) {
    const auto found = reply.headers.find(name);
    std::uint64_t value = 0;
    if (found != reply.headers.end())
        std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
    return value;
}

std::optional<std::int64_t> date_of(const Reply& reply) {
    const auto found = reply.headers.find("date");
    if (found == reply.headers.end()) return std::nullopt;
    std::tm parts{}; // owhalectl keeps the locale "C"
    const char* end = ::strptime(found->second.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return ::timegm(&parts);
}

Result<Reply> succeeded(Reply reply) {
    if (reply.status >= 200 && reply.status < 300) return reply;
    const auto problem = read_problem(reply.body);
    if (!problem) return std::unexpected(unexplained(reply));
    auto error = error_of(*problem);
    if (!reply.device_of.empty() && error.next.empty())
        error.next = next_of_device(error.code, *problem, reply.device_of);
    if (const auto after = header_number(reply, "retry-after"); after > 0 && error.next.empty())
        error.next = "try again in " + std::to_string(after) + " s";
    return std::unexpected(std::move(error));
}

} // namespace owhale::cli
