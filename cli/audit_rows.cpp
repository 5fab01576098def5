#include "cli/audit_rows.hpp"

#include <algorithm>

#include "cli/audit_words.hpp"
#include "cli/escape.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrow = 110; // columns: below, times are without their year

// "11-27 04:43:58Z" of "2026-11-27T04:43:58.123456Z".
std::string without_year(const std::string& time) {
    const auto whole = in_seconds(time);
    if (whole.size() != 20 || parse_time(whole) < 0) return whole;
    return whole.substr(5, 5) + " " + whole.substr(11);
}

// "run:" and an id would leave no room for what happened.
std::size_t most_of_a_name(const Look& look) {
    return look.columns > 0 ? std::max<std::size_t>(look.columns / 5, 12) : std::string::npos;
}

} // namespace

AuditTable::AuditTable(const Look& look) : look_(look), headings_{"SEQ", "TIME", "PRINCIPAL", "EVENT", "OUTCOME"} {
    if (look.verbose) headings_.insert(headings_.end(), {"VERB", "RUN"});
    headings_.emplace_back("WHAT");
    for (const auto& heading : headings_) widths_.push_back(heading.size());
}

std::vector<Cell> AuditTable::cells_of(const api::AuditEntry& entry) const {
    const auto time = audit_member(entry, "time");
    const auto event = audit_member(entry, "event"), outcome = audit_member(entry, "outcome");
    const auto tone = tone_of_audit(event, outcome);
    const bool narrow = look_.columns > 0 && look_.columns < kNarrow;
    std::vector<Cell> cells = {{std::to_string(entry.seq)},
                               {narrow ? without_year(time) : in_seconds(time), Tone::dim},
                               {clipped(escaped(audit_member(entry, "principal")), most_of_a_name(look_))},
                               {event, tone == Tone::bad ? tone : Tone::plain},
                               {outcome, tone}};
    if (look_.verbose) cells.insert(cells.end(), {{audit_member(entry, "verb")}, {audit_member(entry, "run")}});
    cells.push_back({audit_what(entry), entry.dropped ? Tone::dim : Tone::plain});
    return cells;
}

std::string AuditTable::line(const std::vector<Cell>& cells) const {
    std::string out;
    auto room = look_.columns > 0 ? look_.columns : std::string::npos;
    for (std::size_t i = 0; i < cells.size() && room > 0; ++i) {
        const auto text = clipped(escaped(cells[i].text), room);
        const auto used = width(text);
        out += toned(look_, cells[i].tone, text);
        room -= std::min(room, used);
        if (i + 1 == cells.size()) break;
        const auto blanks = std::min(room, std::max(widths_[i], used) - used + kGap);
        out.append(blanks, ' ');
        room -= blanks;
    }
    return out + '\n';
}

std::string AuditTable::rows(const std::vector<api::AuditEntry>& entries) {
    std::vector<std::vector<Cell>> all;
    for (const auto& entry : entries) {
        all.push_back(cells_of(entry));
        for (std::size_t i = 0; i + 1 < widths_.size(); ++i)
            widths_[i] = std::max(widths_[i], width(escaped(all.back()[i].text)));
    }
    std::string out;
    if (!begun_) {
        std::vector<Cell> head;
        for (const auto& heading : headings_) head.push_back({heading, Tone::bold});
        out = line(head);
        begun_ = true;
    }
    for (const auto& cells : all) out += line(cells);
    return out;
}

std::string audit_numbers(const std::vector<api::AuditEntry>& entries) {
    std::string out;
    for (const auto& entry : entries) out += std::to_string(entry.seq) + "\n";
    return out;
}

} // namespace owhale::cli
