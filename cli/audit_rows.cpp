#include "cli/audit_rows.hpp"

#include <algorithm>
#include <ctime>

#include "cli/approval_view.hpp"
#include "cli/audit_words.hpp"
#include "cli/device_names.hpp"
#include "cli/escape.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

// Columns: below, gaps and times are short, and verb and run have no columns of their own.
constexpr std::size_t kNarrow = 110, kNarrowVerbose = 180;
constexpr std::int64_t kDay = 24 * 3600;

// "04:43:58Z" of the last day, and "11-27 04:43Z" before.
std::string short_time(const std::string& time, std::int64_t now) {
    const auto whole = in_seconds(time);
    const auto then = parse_time(whole);
    if (whole.size() != 20 || then < 0) return whole;
    const bool late = now >= then && now / kDay == then / kDay;
    return late ? whole.substr(11) : whole.substr(5, 5) + " " + whole.substr(11, 5) + "Z";
}

bool is_narrow(const Look& look) {
    return look.columns > 0 && look.columns < (look.verbose ? kNarrowVerbose : kNarrow);
}

std::size_t gap_of(const Look& look) {
    return is_narrow(look) ? 1 : 2;
}

// Whole, so that --principal takes it as it stands here; but ids would leave no room for what happened, and of them the end will do.
std::string by_whom(const Look& look, const api::AuditEntry& entry) {
    constexpr std::string_view kRun = "run:";
    const auto principal = audit_member(entry, "principal");
    if (is_device(principal))
        return audit_principal(entry, look.columns > 0 ? std::max<std::size_t>(look.columns / 5, 12) : principal.npos);
    if (look.columns == 0 || !principal.starts_with(kRun)) return principal;
    return std::string(kRun) + short_id(principal.substr(kRun.size()));
}

} // namespace

AuditTable::AuditTable(const Look& look) : look_(look), headings_{"SEQ", "TIME", "PRINCIPAL", "EVENT", "OUTCOME"} {
    if (look.verbose && !is_narrow(look)) headings_.insert(headings_.end(), {"VERB", "RUN"});
    headings_.emplace_back("WHAT");
    for (const auto& heading : headings_) widths_.push_back(heading.size());
}

std::vector<Cell> AuditTable::cells_of(const api::AuditEntry& entry) const {
    const auto time = audit_member(entry, "time");
    const auto event = audit_member(entry, "event"), outcome = audit_member(entry, "outcome");
    const auto tone = tone_of_audit(event, outcome);
    const bool narrow = is_narrow(look_);
    std::vector<Cell> cells = {{std::to_string(entry.seq)},
                               {narrow ? short_time(time, std::time(nullptr)) : in_seconds(time), Tone::dim},
                               {by_whom(look_, entry)},
                               {event, tone == Tone::bad ? tone : Tone::plain},
                               {outcome, tone}};
    if (look_.verbose && !narrow)
        cells.insert(cells.end(), {{audit_member(entry, "verb")}, {audit_member(entry, "run")}});
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
        const auto blanks = std::min(room, std::max(widths_[i], used) - used + gap_of(look_));
        out.append(blanks, ' ');
        room -= blanks;
    }
    return out + '\n';
}

// Verb and run, where they have no columns.
std::string AuditTable::below(const api::AuditEntry& entry) const {
    const auto verb = audit_member(entry, "verb"), run = audit_member(entry, "run");
    if (verb.empty() && run.empty()) return {};
    const auto indent = std::string(std::min(widths_[0] + gap_of(look_), look_.columns), ' ');
    const auto text = verb + (verb.empty() || run.empty() ? "" : ", ") + (run.empty() ? "" : "run " + run);
    return indent + toned(look_, Tone::dim, clipped(escaped(text), look_.columns - indent.size())) + "\n";
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
    for (std::size_t i = 0; i < all.size(); ++i) {
        out += line(all[i]);
        if (look_.verbose && is_narrow(look_)) out += below(entries[i]);
    }
    return out;
}

std::string audit_numbers(const std::vector<api::AuditEntry>& entries) {
    std::string out;
    for (const auto& entry : entries) out += std::to_string(entry.seq) + "\n";
    return out;
}

} // namespace owhale::cli
