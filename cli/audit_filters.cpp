#include "cli/audit_filters.hpp"

#include <algorithm>
#include <ctime>

#include "cli/moments.hpp"
#include "daemon/audit/event_name.hpp"
#include "shared/nearest.hpp"
#include "shared/verbs.hpp"

namespace owhale::cli {
namespace {

std::vector<std::string> parts_of(std::string_view list) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at <= list.size();) {
        const auto comma = std::min(list.find(',', at), list.size());
        out.emplace_back(list.substr(at, comma - at));
        at = comma + 1;
    }
    return out;
}

// "runs.create", or "runs.*".
bool fits(std::string_view pattern, std::string_view name) {
    if (!pattern.ends_with('*')) return pattern == name;
    pattern.remove_suffix(1);
    return name.starts_with(pattern);
}

bool is_verb(std::string_view pattern) {
    return std::ranges::any_of(verbs(), [&](const Verb& verb) { return fits(pattern, verb.name); });
}
bool is_event(std::string_view pattern) {
    return std::ranges::any_of(audit::kEventNames, [&](std::string_view name) { return fits(pattern, name); });
}

// Whether --verb says events' names: none of them is a verb's, and all are events'.
bool names_events(const std::string& text) {
    const auto parts = parts_of(text);
    return std::ranges::none_of(parts, is_verb) && std::ranges::all_of(parts, is_event);
}

void add(std::vector<std::pair<std::string, std::string>>& query, const char* key, std::string value) {
    if (!value.empty()) query.emplace_back(key, std::move(value));
}

} // namespace

void declare_times(Command command, AuditFilters& filters) {
    command.option("--since", filters.since, "TIME", "from then on: 2h (ago), yesterday, '2026-11-20 09:00' (local)");
    command.option("--until", filters.until, "TIME", "up to then");
}

Result<std::vector<std::pair<std::string, std::string>>> query_of(Context& context, const AuditFilters& filters) {
    std::vector<std::pair<std::string, std::string>> query;
    const auto now = std::time(nullptr);
    if (!filters.since.empty()) add(query, "since", TRY(moment(filters.since, "--since", now)));
    if (!filters.until.empty()) add(query, "until", TRY(moment(filters.until, "--until", now)));
    const bool events = !filters.verb.empty() && names_events(filters.verb);
    if (events && !filters.event.empty())
        return fail(Code::bad_request, "--verb " + filters.verb + " names an event, and --event is given",
                    "events go into --event: --event " + filters.event + "," + filters.verb);
    add(query, "principal", filters.principal);
    add(query, "verb", events ? "" : filters.verb);
    add(query, "event", events ? filters.verb : filters.event);
    add(query, "outcome", filters.outcome);
    if (!filters.run.empty()) add(query, "run", TRY(context.run_id(filters.run)));
    add(query, "grep", filters.grep);
    return query;
}

std::string unknown_event(const AuditFilters& filters) {
    const auto& text = filters.event.empty() ? filters.verb : filters.event;
    if (text.empty()) return {};
    for (const auto& part : parts_of(text)) {
        if (is_event(part) || (filters.event.empty() && is_verb(part))) continue;
        const auto near = nearest(part, std::span(audit::kEventNames));
        const std::string kind = filters.event.empty() ? "verb or event" : "event";
        return "no " + kind + " is called " + part + (near ? "; did you mean " + std::string(*near) + "?" : "");
    }
    return {};
}

} // namespace owhale::cli
