#include "cli/audit_chart.hpp"

#include <algorithm>
#include <array>

#include "cli/bars.hpp"
#include "cli/escape.hpp"
#include "cli/moments.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kShown = 10; // of each kind in the overview
constexpr std::size_t kLongestBar = 50;
constexpr std::int64_t kHour = 3600;
constexpr std::size_t kMostHours = 10 * 366 * 24; // a clock that jumped makes no longer line

struct Kind {
    std::string_view heading;
    std::vector<api::AuditCount> api::AuditStats::* counts;
};
constexpr std::array kKinds = { // by CountedBy
    Kind{"EVENT", &api::AuditStats::by_event}, Kind{"PRINCIPAL", &api::AuditStats::by_principal},
    Kind{"OUTCOME", &api::AuditStats::by_outcome}, Kind{"HOUR", &api::AuditStats::by_hour}};

const Kind& kind_of(CountedBy by) {
    return kKinds[static_cast<std::size_t>(by)];
}

std::string named(const api::AuditCount& count) {
    return count.name.empty() ? "-" : in_seconds(count.name); // hours are whole
}

// The bars take what the names and numbers leave, so they are made once those are known.
std::string table_of(const Look& look, std::string_view heading, const std::vector<api::AuditCount>& counts,
                     std::size_t most_rows) {
    const auto shown = std::min(counts.size(), most_rows);
    std::size_t names = heading.size(), numbers = 5;
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < shown; ++i) {
        names = std::max(names, width(escaped(named(counts[i]))));
        numbers = std::max(numbers, std::to_string(counts[i].count).size());
        most = std::max(most, counts[i].count);
    }
    const bool bars = look.terminal && look.columns > names + numbers + 8;
    const auto room = bars ? std::min(look.columns - names - numbers - 4, kLongestBar) : 0;
    std::vector<std::string> headings = {std::string(heading), "COUNT"};
    if (bars) headings.emplace_back("");
    Table table(std::move(headings), 0);
    for (std::size_t i = 0; i < shown; ++i) {
        const auto number = std::to_string(counts[i].count);
        std::vector<Cell> cells = {{named(counts[i])}, {std::string(numbers - number.size(), ' ') + number}};
        if (bars) cells.push_back({bar(counts[i].count, most, room, ink()), Tone::dim});
        table.row(std::move(cells));
    }
    auto out = table.text(look);
    if (shown < counts.size()) out += "(and " + std::to_string(counts.size() - shown) + " more)\n";
    return out;
}

// The hours from the first to the last one, those without events too.
std::vector<std::uint64_t> hours_of(const std::vector<api::AuditCount>& counts) {
    const auto first = parse_time(counts.front().name), last = parse_time(counts.back().name);
    if (first < 0 || last < first || static_cast<std::size_t>((last - first) / kHour) >= kMostHours) return {};
    std::vector<std::uint64_t> out(static_cast<std::size_t>((last - first) / kHour) + 1);
    for (const auto& [name, count] : counts) {
        const auto at = (parse_time(name) - first) / kHour;
        if (at >= 0 && static_cast<std::size_t>(at) < out.size()) out[static_cast<std::size_t>(at)] += count;
    }
    return out;
}

// As many together as make it fit.
std::vector<std::uint64_t> folded(const std::vector<std::uint64_t>& values, std::size_t together) {
    std::vector<std::uint64_t> out((values.size() + together - 1) / together);
    for (std::size_t i = 0; i < values.size(); ++i) out[i / together] += values[i];
    return out;
}

std::string line_of_hours(const Look& look, const std::vector<api::AuditCount>& counts) {
    if (!look.terminal || counts.empty()) return {};
    const auto hours = hours_of(counts);
    const std::size_t room = look.columns > 2 ? look.columns : 80;
    const auto together = std::max<std::size_t>((hours.size() + room - 1) / room, 1);
    const auto values = folded(hours, together);
    if (values.size() < 2) return {};
    const auto most = *std::ranges::max_element(values);
    const auto step = together == 1 ? "an hour" : std::to_string(together) + " hours";
    const auto words = in_seconds(counts.front().name) + " to " + in_seconds(counts.back().name) + ", " + step +
                       " each, " + std::to_string(most) + " at most";
    return sparkline(values, ink()) + "\n" + toned(look, Tone::dim, clipped(escaped(words), room)) + "\n\n";
}

} // namespace

std::string count_table(const Look& look, const api::AuditStats& stats, CountedBy by) {
    const auto& kind = kind_of(by);
    return table_of(look, kind.heading, stats.*kind.counts, std::string::npos);
}

std::string count_overview(const Look& look, const api::AuditStats& stats) {
    auto out = toned(look, Tone::bold, std::to_string(stats.total) + (stats.total == 1 ? " event" : " events"));
    if (stats.since) out += toned(look, Tone::dim, " since " + in_seconds(*stats.since));
    if (stats.until) out += toned(look, Tone::dim, " until " + in_seconds(*stats.until));
    out += "\n\n" + line_of_hours(look, stats.by_hour);
    for (const auto by : {CountedBy::type, CountedBy::principal, CountedBy::outcome}) {
        const auto& kind = kind_of(by);
        out += table_of(look, kind.heading, stats.*kind.counts, kShown);
        if (by != CountedBy::outcome) out += "\n";
    }
    return out;
}

} // namespace owhale::cli
