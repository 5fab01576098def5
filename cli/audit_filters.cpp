#include "cli/audit_filters.hpp"

#include <algorithm>
#include <array>
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

// Of one's own runs, or else of those that one may see: the log has everybody's.
Result<std::string> run_of(Context& context, const std::string& named) {
    const auto own = context.run_id(named);
    if (own || own.error().code != Code::not_found) return own;
    const auto of_all = context.run_id(named, Context::Runs::all);
    return of_all || of_all.error().code != Code::forbidden ? of_all : own;
}

std::string noun_of(std::string_view name) {
    return std::string(name.substr(0, std::min(name.find('.'), name.size())));
}

// What may have been meant: what is spelled like it, or else all of the same noun.
std::vector<std::string_view> meant(const std::string& name, const std::vector<std::string_view>& known) {
    constexpr std::size_t kFew = 3, kMany = 12;
    auto out = nearest_few(name, known, kFew);
    for (const auto one : known)
        if (out.size() < kMany && !name.empty() && noun_of(one) == noun_of(name) &&
            std::ranges::find(out, one) == out.end())
            out.push_back(one);
    return out;
}

std::unexpected<Error> unknown_name(const char* option, const std::string& name, bool verb_too) {
    std::vector<std::string_view> known(audit::kEventNames.begin(), audit::kEventNames.end());
    if (verb_too)
        for (const auto& verb : verbs()) known.push_back(verb.name);
    std::string close;
    for (const auto one : meant(name, known)) (close += close.empty() ? "did you mean " : ", ") += one;
    if (!close.empty()) close += "? ";
    if (!verb_too && is_verb(name)) close = "it is a verb: --verb " + name + "; ";
    return fail(Code::bad_request,
                std::string("no ") + (verb_too ? "verb or event" : "event") + " is called '" + name + "' (" + option +
                    ")",
                close + "man owhaled-audit-events lists the events, each with its fields");
}

// An empty answer would say that nothing happened, where a name was mistyped.
Status check_names(const AuditFilters& filters) {
    if (!filters.event.empty())
        for (const auto& name : parts_of(filters.event))
            if (!is_event(name)) return unknown_name("--event", name, false);
    if (!filters.verb.empty())
        for (const auto& name : parts_of(filters.verb))
            if (!is_event(name) && !is_verb(name)) return unknown_name("--verb", name, true);
    return {};
}

// What the column may hold. "(many)": of events that were too many to be told one by one.
Status check_principal(const std::string& text) {
    constexpr std::array<std::string_view, 4> kKinds = {"unix:", "user:", "device:", "run:"};
    constexpr std::array<std::string_view, 2> kAlone = {"system", "(many)"};
    constexpr std::string_view kTcp = "tcp "; // and an address: who came over TCP and never showed who it is
    const auto digits = [](std::string_view part) {
        return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    };
    if (text.empty() || std::ranges::find(kAlone, text) != kAlone.end()) return {};
    if (text.starts_with(kTcp) && text.size() > kTcp.size() && text.find_first_of(" ,*", kTcp.size()) == text.npos)
        return {};
    for (const auto kind : kKinds)
        if (text.starts_with(kind) && text.size() > kind.size() && text.find_first_of(" ,*") == text.npos &&
            (kind != "unix:" || digits(std::string_view(text).substr(kind.size()))))
            return {};
    const bool bare = text.find_first_of(": ,*") == text.npos;
    return fail(Code::bad_request, "'" + text + "' is no principal (--principal)",
                (bare ? "did you mean " + std::string(digits(text) ? "unix:" : "user:") + text + "? " : std::string()) +
                    "It is one of unix:UID, user:NAME, device:ID, run:ID, 'tcp ADDRESS' and system, as the column "
                    "PRINCIPAL has "
                    "it");
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
    CHECK(check_names(filters));
    CHECK(check_principal(filters.principal));
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
    if (!filters.run.empty()) add(query, "run", TRY(run_of(context, filters.run)));
    add(query, "grep", filters.grep);
    return query;
}

} // namespace owhale::cli
