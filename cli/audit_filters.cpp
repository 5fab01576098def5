#include "cli/audit_filters.hpp"

#include <algorithm>
#include <ctime>

#include "cli/audit_principal.hpp"
#include "cli/moments.hpp"
#include "daemon/audit/filter_words.hpp"

namespace owhale::cli {
namespace {

using audit::is_known;
using audit::parts_of;
using audit::Word;

// Whether --verb says events' names: none of them is a verb's, and all are events'.
bool names_events(std::string_view list) {
    const auto parts = parts_of(list);
    return std::ranges::none_of(parts, [](auto part) { return is_known(Word::verb, part); }) &&
           std::ranges::all_of(parts, [](auto part) { return is_known(Word::event, part); });
}

constexpr auto kLists = "man owhaled-audit-events lists the events, each with its fields; * stands for any text";

std::unexpected<Error> unknown_name(const char* option, const std::string& name, bool verb_too) {
    const auto events = audit::known_words(Word::event), verbs = audit::known_words(Word::verb);
    std::vector<std::string_view> known(events.begin(), events.end());
    if (verb_too) known.insert(known.end(), verbs.begin(), verbs.end());
    auto close = audit::perhaps(name, known);
    if (!verb_too && is_known(Word::verb, name)) close = "it is a verb: --verb " + name + "; ";
    return fail(Code::bad_request,
                std::string("no ") + (verb_too ? "verb or event" : "event") + " is called '" + name + "' (" + option +
                    ")",
                close + kLists);
}

// An empty answer would say that nothing happened, where a name was mistyped.
Status check_names(const AuditFilters& filters) {
    if (!filters.event.empty())
        for (const auto name : parts_of(filters.event))
            if (!is_known(Word::event, name)) return unknown_name("--event", std::string(name), false);
    if (!filters.verb.empty())
        for (const auto name : parts_of(filters.verb))
            if (!is_known(Word::event, name) && !is_known(Word::verb, name))
                return unknown_name("--verb", std::string(name), true);
    return audit::check_words(Word::outcome, "--outcome", filters.outcome);
}

// An empty one would choose every event.
Result<std::string> one_text(const std::vector<std::string>& greps) {
    if (greps.empty()) return std::string();
    if (greps.size() > 1)
        return fail(Code::bad_request, "--grep is given more than once", "one text is looked for: --grep TEXT");
    if (!greps.front().empty()) return greps.front();
    return fail(Code::bad_request, "--grep '' looks for nothing: every event contains it",
                "--grep TEXT, or leave --grep out");
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
    const auto grep = TRY(one_text(filters.grep));
    const auto principal = TRY(principal_of(context, filters.principal));
    std::vector<std::pair<std::string, std::string>> query;
    const auto now = std::time(nullptr);
    const auto times = TRY(stretch(filters.since, filters.until, now));
    add(query, "since", times.since);
    add(query, "until", times.until);
    const bool events = !filters.verb.empty() && names_events(filters.verb);
    if (events && !filters.event.empty())
        return fail(Code::bad_request, "--verb " + filters.verb + " names an event, and --event is given",
                    "events go into --event: --event " + filters.event + "," + filters.verb);
    add(query, "principal", principal);
    add(query, "verb", events ? "" : filters.verb);
    add(query, "event", events ? filters.verb : filters.event);
    add(query, "outcome", filters.outcome);
    if (!filters.run.empty()) add(query, "run", TRY(logged_run(context, filters.run)));
    add(query, "grep", grep);
    return query;
}

} // namespace owhale::cli
