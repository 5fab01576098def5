#include "audit/event_types.hpp"

#include <algorithm>

#include "audit/event_types/accounts.hpp"
#include "audit/event_types/decisions.hpp"
#include "audit/event_types/devices.hpp"
#include "audit/event_types/hosts.hpp"
#include "audit/event_types/owhaled.hpp"
#include "audit/event_types/runs.hpp"
#include "audit/event_types/secrets.hpp"

namespace owhale::audit {
namespace {

constexpr Field kDeviceName{"device_name", Kind::text, false, "what the device whose act it is was called then", true};
constexpr std::array kOwn = {kDeviceName};
constexpr std::array kAsked = {
    kDeviceName,
    Field{"peer", Kind::text, false, "who asked: the process behind the socket, or the address"},
    Field{"step_up", Kind::text, false, "how the caller proved itself anew: an open window, or the password for this"},
    Field{"session", Kind::text, false, "the session or token that was shown"},
};
constexpr std::array kTried = {
    kAsked[0],
    kAsked[1],
    kAsked[2],
    kAsked[3],
    Field{"reason", Kind::text, false, "why it failed"},
    Field{"count", Kind::number, false, "how many failures, of those that are summed"},
};

// One table of the files' rows.
template <std::size_t... Sizes> consteval auto joined(const std::array<EventDraft, Sizes>&... parts) {
    std::array<EventDraft, (Sizes + ...)> all{};
    auto next = all.begin();
    ((next = std::ranges::copy(parts, next).out), ...);
    return all;
}

constexpr auto kDrafts =
    joined(kOwhaledEvents, kAccountEvents, kDeviceEvents, kDecisionEvents, kRunEvents, kHostEvents, kSecretEvents);

consteval std::size_t count_fields() {
    std::size_t count = 0;
    for (const auto& draft : kDrafts) count += draft.fields.all().size();
    return count;
}

// No place stays empty: each page of a table of pointers costs every start of owhalectl a copy of its own.
consteval auto fields_of_all() {
    std::array<Field, count_fields()> all{};
    auto next = all.begin();
    for (const auto& draft : kDrafts) next = std::ranges::copy(draft.fields.all(), next).out;
    return all;
}

constexpr auto kFields = fields_of_all();

consteval auto types() {
    std::array<EventType, kDrafts.size()> all{};
    std::size_t first = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& draft = kDrafts[i];
        const auto count = draft.fields.all().size();
        all[i] = {draft.name,    draft.severity,   draft.act,
                  draft.ocsf,    draft.message_id, draft.who,
                  draft.summary, draft.meaning,    std::span(kFields).subspan(first, count)};
        first += count;
    }
    return all;
}

constexpr auto kTypes = types();

constexpr bool is_sound(const EventType& type) {
    const bool hex =
        type.message_id.size() == 32 && type.message_id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    return hex && !type.who.empty() && !type.summary.empty() && !type.meaning.empty();
}

constexpr bool is_whole() {
    if (std::size(kTypes) != kEventNames.size()) return false;
    for (std::size_t i = 0; i < std::size(kTypes); ++i)
        if (kTypes[i].name != kEventNames[i] || !is_sound(kTypes[i])) return false;
    return true;
}
static_assert(is_whole(), "event_name.hpp and this table have the same names in the same order");

} // namespace

std::span<const EventType> event_types() {
    return kTypes;
}

const EventType& type_of(EventName name) {
    const auto at = std::ranges::find(kTypes, name.text(), &EventType::name);
    return at == std::end(kTypes) ? kTypes[0] : *at; // every name but the empty one has a row
}

std::span<const Field> fields_of_act(Act act) {
    if (act == Act::own) return kOwn;
    if (act == Act::asked) return kAsked;
    return kTried;
}

std::string_view name_of(Kind kind) {
    switch (kind) {
    case Kind::text:
        return "text";
    case Kind::number:
        return "number";
    case Kind::flag:
        return "true or false";
    case Kind::list:
        return "list";
    case Kind::object:
        return "object";
    }
    return "";
}

} // namespace owhale::audit
