#include "verbs/following.hpp"

#include <algorithm>
#include <array>

namespace owhale::verbs {
namespace {

using identity::Permission;

struct Kind {
    std::string_view name; // what its events begin with
    Permission permission;
};
constexpr std::array kKinds = {
    Kind{"approval", Permission::approvals_read},
    Kind{"freeze", Permission::freeze},
    Kind{"grant", Permission::grants},
    Kind{"run", Permission::runs_read},
};
// All that GET /v1/events tells; other events of the log are for those who may read the log.
constexpr std::array<std::string_view, 14> kEvents = {
    "approval.requested", "approval.decided", "approval.ended", "approval.flooded", "freeze.set",
    "freeze.thaw",        "grant.created",    "grant.used",     "grant.ended",      "run.intent",
    "run.outcome",        "run.denied",       "run.signal",     "run.kill"};
constexpr std::size_t kMostTypes = 32;

std::string_view kind_of(std::string_view event) {
    return event.substr(0, event.find('.'));
}

const Kind* find_kind(std::string_view name) {
    const auto found = std::ranges::find(kKinds, name, &Kind::name);
    return found == kKinds.end() ? nullptr : &*found;
}

bool is_told(std::string_view event) {
    return std::ranges::find(kEvents, event) != kEvents.end();
}

// Whose thing it is about; who decides is another's event's doer.
bool is_own(const audit::Followed& event, std::string_view name) {
    const auto* data = event.whole.if_contains("data");
    for (const auto* member : {"requester", "frozen"}) {
        const auto* owner = data != nullptr && data->is_object() ? data->get_object().if_contains(member) : nullptr;
        if (owner == nullptr || !owner->is_string()) continue;
        const std::string_view whose = owner->get_string();
        return whose == name || whose == "*"; // a freeze of everybody is everybody's
    }
    return event.principal == name;
}

std::string_view outcome_of(const audit::Followed& event) {
    const auto* outcome = event.whole.if_contains("outcome");
    return outcome != nullptr && outcome->is_string() ? std::string_view(outcome->get_string()) : std::string_view();
}

std::unexpected<Error> no_such(std::string_view word) {
    return fail(Code::invalid_value, "types: there are no events of this name: " + std::string(word.substr(0, 64)),
                "approval, freeze, grant, run, or one event, such as approval.requested; separated by commas");
}

} // namespace

Result<std::set<std::string, std::less<>>> wanted_types(std::string_view types) {
    std::set<std::string, std::less<>> out;
    while (!types.empty()) {
        const auto comma = std::min(types.find(','), types.size());
        const auto word = types.substr(0, comma);
        if (find_kind(word) == nullptr && !is_told(word)) return no_such(word);
        out.emplace(word);
        if (out.size() > kMostTypes) return no_such(word);
        types.remove_prefix(std::min(comma + 1, types.size()));
    }
    return out;
}

bool may_follow(const audit::Followed& event, const identity::Principal& who,
                const std::set<std::string, std::less<>>& types) {
    if (!is_told(event.event)) return false;
    if (!types.empty() && !types.contains(event.event) && !types.contains(kind_of(event.event))) return false;
    const auto* kind = find_kind(kind_of(event.event));
    const bool own = is_own(event, who.person());
    // A question that its asker's flood pushed aside is shown to nobody else.
    if (!own && event.event == "approval.requested" && outcome_of(event) == "throttled") return false;
    return kind != nullptr && who.may(kind->permission, own);
}

std::string as_message(const audit::Followed& event) {
    // Canonical JSON is one line: what would break it is escaped there.
    return "id: " + std::to_string(event.seq) + "\nevent: " + event.event + "\ndata: " + event.json + "\n\n";
}

} // namespace owhale::verbs
