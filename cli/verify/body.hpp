// A stored event as it must be: canonical JSON (RFC 8785) with exactly the members that an event has.
//
// One pass, no copy: what it finds are places in the text that was given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace owhale::cli::verify {

struct Body {
    std::string_view data; // the object
    // Between their quotes, still escaped.
    std::string_view event, id, outcome, principal, run, time, verb;
};

// Empty when it is not: a key twice or out of order, a blank, another spelling of a number or an escape, broken UTF-8,
// nesting beyond 66, or another member than an event's.
std::optional<Body> read_body(std::string_view json);

// Any canonical value of owhaled's: strings, booleans, null, integers within ±(2^53 - 1), arrays and objects.
bool is_canonical(std::string_view json);

// A text as canonical JSON has it between quotes; nothing when it is not UTF-8.
std::optional<std::string> between_quotes(std::string_view text);

// "2026-11-27T04:32:56.123456Z" in microseconds since 1970; nothing for another form.
std::optional<std::int64_t> microseconds(std::string_view time);

} // namespace owhale::cli::verify
