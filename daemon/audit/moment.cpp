#include "audit/moment.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>
#include <string_view>

namespace owhale::audit {
namespace {

// Microseconds of ".123456" at the front of `text`, which is cut off; finer digits are dropped.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
    if (!text.starts_with('.')) return 0;
    text.remove_prefix(1);
    std::int64_t value = 0, scale = 100'000;
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) return {};
    for (std::size_t i = 0; i < digits; ++i, scale /= 10) value += (text[i] - '0') * scale;
    text.remove_prefix(digits);
    return value;
}

// Seconds east of UTC of "Z" or "+01:00", which has to be all of `text`.
std::optional<std::int64_t> zone(std::string_view text) {
    if (text == "Z" || text == "z") return 0;
    const bool shaped = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
    int hours = 0, minutes = 0;
    if (!shaped || std::from_chars(&text[1], &text[3], hours).ptr != &text[3] ||
        std::from_chars(&text[4], text.data() + 6, minutes).ptr != text.data() + 6 || hours > 23 || minutes > 59 ||
        hours < 0 || minutes < 0)
        return {};
    return (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

} // namespace

Result<std::int64_t> moment_of(const std::string& text, const std::string& parameter) {
    std::tm parts{};
    const bool date_only = text.size() == 10;
    const char* rest = ::strptime(text.c_str(), date_only ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest != nullptr) {
        std::string_view tail = rest;
        const auto fraction = take_fraction(tail);
        const auto east = date_only && tail.empty() ? std::optional<std::int64_t>(0) : zone(tail);
        if (fraction && east) return (::timegm(&parts) - *east) * 1'000'000 + *fraction;
    }
    const auto of = parameter.empty() ? parameter : parameter + ": ";
    return fail(Code::invalid_value, of + "\"" + text + "\" is not a time", "write it as 2026-01-31T12:00:00Z");
}

Status check_order(const std::string& since, const std::string& until) {
    if (since.empty() || until.empty() || TRY(moment_of(since, "since")) <= TRY(moment_of(until, "until"))) return {};
    return fail(Code::invalid_value, "since, " + since + ", is after until, " + until,
                "since is the earlier one of the two");
}

} // namespace owhale::audit
