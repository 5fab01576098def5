// The names of all audit events. A name is a literal that this list has, or it does not compile: nobody writes an event
// that the table (event_types.hpp) does not explain. A new event is a line here and a row there, in the same order.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace owhale::audit {

inline constexpr auto kEventNames = std::to_array<std::string_view>({
    "daemon.start",
    "daemon.stop",
    "daemon.reload",
    "daemon.crashed",
    "config.changed",
    "policy.reload",
    "policy.checked",
    "audit.opened",
    "audit.exported",
    "audit.dropped",
    "audit.index_rebuilt",
    "audit.recovered",
    "audit.anchor_missing",
    "login",
    "logout",
    "step_up",
    "step_up.asked",
    "step_up.closed",
    "password.change",
    "token.refused",
    "session.revoke",
    "token.create",
    "token.revoke",
    "account.bootstrap",
    "user.create",
    "user.remove",
    "user.enable",
    "user.disable",
    "user.roles",
    "user.reset",
    "access.grant",
    "access.remove",
    "key.rotate",
    "verb.denied",
    "rate.limited",
    "connection.refused",
    "pair.create",
    "pair.join",
    "pair.end",
    "device.add",
    "device.change",
    "device.remove",
    "freeze.set",
    "freeze.thaw",
    "approval.requested",
    "approval.decided",
    "approval.ended",
    "approval.flooded",
    "grant.created",
    "grant.used",
    "grant.ended",
    "run.intent",
    "run.start",
    "run.denied",
    "run.outcome",
    "run.signal",
    "run.kill",
    "run.attach",
    "run.input",
    "run.remove",
    "box.publish",
    "box.reset",
    "workspace.added",
    "workspace.removed",
    "host.allowed",
    "host.removed",
    "host.refused",
    "ssh.signed",
    "ssh.refused",
    "secret.open",
    "secret.set",
    "secret.rotate",
    "secret.reveal",
    "secret.used",
    "secret.remove",
    "secret.rekey",
});

// One of them. A view of static text: copied freely, also by coroutines.
class EventName {
public:
    constexpr EventName() = default; // of an event that is yet to be told
    template <std::size_t N> consteval EventName(const char (&literal)[N]) : text_(literal, N - 1) {
        if (!has(text_)) this_event_is_not_in_the_table();
    }

    // Of a text that is known at run time alone, as in a stored event.
    static std::optional<EventName> find(std::string_view text) {
        for (const auto name : kEventNames)
            if (name == text) return EventName(name);
        return std::nullopt;
    }

    constexpr std::string_view text() const { return text_; }
    constexpr operator std::string_view() const { return text_; }
    friend constexpr bool operator==(EventName a, std::string_view b) { return a.text_ == b; }

private:
    constexpr explicit EventName(std::string_view text) : text_(text) {}
    static constexpr bool has(std::string_view text) {
        for (const auto name : kEventNames)
            if (name == text) return true;
        return false;
    }
    static void this_event_is_not_in_the_table(); // not constexpr, and nowhere defined: what the compiler then names

    std::string_view text_;
};

} // namespace owhale::audit
