#include "cli/moments.hpp"

#include <array>
#include <optional>

#include "cli/units.hpp"
#include "daemon/audit/moment.hpp"

namespace owhale::cli {
namespace {

constexpr auto kAdvice = "write 2h (ago), today, yesterday, 09:00, 2026-11-20, '2026-11-20 09:00' (local time), or "
                         "2026-11-20T09:00:00Z";

bool is_day(const std::tm& parts, const std::tm& asked) {
    return parts.tm_year == asked.tm_year && parts.tm_mon == asked.tm_mon && parts.tm_mday == asked.tm_mday;
}

// Of local time; none for a day that no calendar has.
std::optional<std::time_t> seconds_of(std::tm asked) {
    asked.tm_isdst = -1;
    std::tm parts = asked;
    const auto time = ::mktime(&parts);
    if (time == -1 || !is_day(parts, asked)) return std::nullopt;
    return time;
}

std::tm midnight(std::time_t now, int days) {
    std::tm parts{};
    ::localtime_r(&now, &parts);
    parts.tm_mday += days;
    parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
    parts.tm_isdst = -1;
    ::mktime(&parts); // the first of a month less a day is a day of the month before
    return parts;
}

// All of `text` by one of these forms, over what `parts` says already.
bool reads(const std::string& text, std::initializer_list<const char*> forms, std::tm& parts) {
    for (const char* form : forms) {
        std::tm out = parts;
        const char* end = ::strptime(text.c_str(), form, &out);
        if (end == nullptr || *end != '\0') continue;
        parts = out;
        return true;
    }
    return false;
}

std::optional<std::time_t> local(const std::string& text, std::time_t now) {
    if (text == "now") return now;
    auto today = midnight(now, 0);
    if (text == "today") return seconds_of(today);
    if (text == "yesterday") return seconds_of(midnight(now, -1));
    if (text.find('-') == std::string::npos)
        return reads(text, {"%H:%M:%S", "%H:%M"}, today) ? seconds_of(today) : std::nullopt;
    std::tm parts{};
    const bool read =
        text.size() <= 19 &&
        reads(text, {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"}, parts);
    return read ? seconds_of(parts) : std::nullopt;
}

bool has_zone(std::string_view text) {
    const auto time = text.find('T');
    return time != text.npos && text.find_first_of("Zz+-", time) != text.npos;
}

// "2h", also "2h ago"; a number alone is no time.
std::optional<std::time_t> ago(std::string_view text, std::time_t now) {
    if (text.ends_with(" ago")) text.remove_suffix(4);
    if (text.find_first_of("smhd") == text.npos) return std::nullopt;
    const auto ms = parse_duration_ms(text, "");
    if (!ms) return std::nullopt;
    return now - static_cast<std::time_t>(*ms / 1000);
}

} // namespace

Result<std::string> moment(std::string_view text, std::string_view what, std::time_t now) {
    if (has_zone(text)) return std::string(text);
    if (const auto then = ago(text, now)) return rfc3339(*then);
    if (const auto then = local(std::string(text), now)) return rfc3339(*then);
    return fail(Code::invalid_value, std::string(what) + ": '" + std::string(text) + "' is not understood", kAdvice);
}

Result<Stretch> stretch(std::string_view since, std::string_view until, std::time_t now) {
    Stretch out;
    if (!since.empty()) out.since = TRY(moment(since, "--since", now));
    if (!until.empty()) out.until = TRY(moment(until, "--until", now));
    if (out.since.empty() || out.until.empty()) return out;
    if (TRY(audit::moment_of(out.since, "--since")) < TRY(audit::moment_of(out.until, "--until"))) return out;
    return fail(Code::bad_request,
                "no time is from --since " + std::string(since) + " on and before --until " + std::string(until),
                "--since is the earlier one: --since 2h --until 1h is the hour before the last");
}

std::string rfc3339(std::time_t time) {
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::array<char, 32> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return std::string(text.data(), length);
}

} // namespace owhale::cli
