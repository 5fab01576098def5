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
template <std::size_t... Sizes> consteval auto joined(const std::array<EventType, Sizes>&... parts) {
    std::array<EventType, (Sizes + ...)> all{};
    auto next = all.begin();
    ((next = std::ranges::copy(parts, next).out), ...);
    return all;
}

constexpr auto kTypes =
    joined(kOwhaledEvents, kAccountEvents, kDeviceEvents, kDecisionEvents, kRunEvents, kHostEvents, kSecretEvents);

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
