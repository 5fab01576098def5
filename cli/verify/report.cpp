#include "cli/verify/report.hpp"

#include <filesystem>
#include <string_view>

#include "cli/escape.hpp"
#include "shared/codec.hpp"

namespace owhale::cli::verify {
namespace {

std::string range(std::uint64_t seq, const std::optional<std::uint64_t>& through) {
    return with_commas(seq) + (through && *through != seq ? " to " + with_commas(*through) : "");
}

std::string in_words(std::string kind) {
    for (auto& c : kind)
        if (c == '_') c = ' ';
    return kind;
}

Tone tone_of(const Anchor& anchor) {
    if (anchor.state == "matches") return Tone::good;
    return anchor.state == "absent" || anchor.state == "beyond" ? Tone::plain : Tone::bad;
}

std::string none_holds(const Report& report) {
    if (report.refuted_checkpoints == 0 && report.checkpoints == 0)
        return report.whole ? "none yet: nothing is signed" : "none: nothing is signed";
    if (report.refuted_checkpoints == 0)
        return with_commas(report.checkpoints) + " with the key's signature, not compared with these events";
    const auto over = "over " + with_commas(*report.first_refuted) + " events";
    if (report.refuted_checkpoints == 1) return "the only one, " + over + ", does not hold";
    return "none of " + with_commas(report.refuted_checkpoints) + " holds; the first is " + over;
}

std::string signed_text(const Report& report) {
    std::string out;
    if (!report.signed_size) {
        out = none_holds(report);
    } else if (report.refuted_checkpoints == 0) {
        out = with_commas(report.checkpoints) + " hold; the newest is over " + with_commas(*report.signed_size) +
              " events";
    } else {
        out = with_commas(report.checkpoints) + " of " + with_commas(report.checkpoints + report.refuted_checkpoints) +
              " hold, the newest of these over " + with_commas(*report.signed_size) +
              " events; the first that does not hold is over " + with_commas(*report.first_refuted);
    }
    if (report.unsigned_events > 0 && (report.signed_size || report.first_refuted))
        out += "; " + with_commas(report.unsigned_events) + " after the newest not signed yet";
    return out;
}

bool any_outside(const Report& report) {
    for (const auto& anchor : report.anchors)
        if (anchor.state != "absent" && anchor.state != "beyond" && anchor.outside) return true;
    return false;
}

std::string problems_text(const Look& look, const Report& report) {
    std::string out;
    for (const auto& problem : report.problems)
        out += "  " + (problem.seq == 0 ? "" : toned(look, Tone::bad, range(problem.seq, problem.through)) + "  ") +
               toned(look, Tone::bold, in_words(problem.kind)) + ": " + escaped(problem.what) + "\n";
    if (report.bad > report.problems.size())
        out += "  and " + with_commas(report.bad - report.problems.size()) + " more\n";
    return out;
}

std::string head_of(const Look& look, const Report& report) {
    const auto events = with_commas(report.events) + " events";
    if (report.whole) return toned(look, Tone::good, "whole") + ": " + events + "\n";
    if (is_unreadable(report)) return toned(look, Tone::bad, "NOT whole") + ": it cannot be read\n";
    const auto first = first_bad(report);
    if (!first)
        return toned(look, Tone::bad, "NOT proved whole") + ": " + events +
               " read, and none is found bad; but an anchor is damaged\n";
    const bool several = first->through && *first->through != first->seq;
    const auto& open = report.unconfirmed;
    return toned(look, Tone::bad, "NOT whole") + ": " + events + " read; the first " +
           (open ? "one known to be bad is " : "bad one is ") + (several ? "among " : "") +
           toned(look, Tone::bold, range(first->seq, first->through)) +
           (open ? ", and nothing confirms " + range(open->seq, open->through) + " before it" : "") + "\n";
}

std::string hold_against(const Told& told) {
    return "hold it against what was kept elsewhere: " + told.ctl + " audit verify " +
           (told.log.empty() ? "" : told.log + " ") +
           "--checkpoint FILE (of audit checkpoint --save); or what the journal was told, here or where it is "
           "forwarded to";
}

std::string copy_away(const Told& told) {
    const auto keep = told.file.empty() ? "" : "keep " + quoted(told.file) + " as it is, and ";
    if (told.folder.empty())
        return keep +
               "have the log's state folder, and the folder of its heads beside it, copied away as they are, before "
               "anything "
               "else: " +
               told.ctl + " status says which it is (State)";
    const auto anchor = told.folder + "-anchor";
    std::error_code ignored;
    return "copy the state folder away as it is, before anything else: cp -a " + quoted(told.folder) +
           (std::filesystem::exists(anchor, ignored) ? " " + quoted(anchor) : "") + " ELSEWHERE";
}

// An export by time has no tree head: that nothing signs it is then no sign of anything.
bool is_unsigned_export(const Report& report, const Told& told) {
    return !told.file.empty() && report.problems.size() == 1 && report.problems.front().kind == "checkpoint_missing";
}

std::string next_steps(const Report& report, const Told& told) {
    if (is_unsigned_export(report, told))
        return escaped("next: export all, from the first event on (" + told.ctl +
                       " audit export --file FILE), or verify these events "
                       "in the log itself: " +
                       told.ctl + " audit verify --range A..B") +
               "\n";
    std::string out = "next: this is evidence, whether of a damaged disk or of a forger\n";
    int number = 0;
    const auto add = [&](const std::string& step) {
        out += "  " + std::to_string(++number) + ". " + escaped(step) + "\n";
    };
    add(copy_away(told));
    add("until then do not restart owhaled, and repair nothing");
    add(hold_against(told));
    if (is_unreadable(report))
        add("what can still be read of it read from a copy (sqlite3 audit.db .recover); then put the newest backup "
            "back");
    add("read WHEN IT IS NOT WHOLE in man owhaled-audit");
    return out;
}

} // namespace

bool is_unreadable(const Report& report) {
    return report.events == 0 && report.problems.size() == 1 && report.problems.front().kind == "unreadable";
}

std::string with_commas(std::uint64_t number) {
    auto out = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > 0; at -= 3)
        out.insert(static_cast<std::size_t>(at), ",");
    return out;
}

std::string to_json(const Report& report) {
    auto told = report;
    told.first_bad = first_bad(report);
    return codec::to_text(told);
}

Result<Report> report_of(std::string_view json) {
    return codec::decode<Report>(json);
}

std::string as_text(const Look& look, const Report& report, const Told& told) {
    auto out = head_of(look, report) + problems_text(look, report);
    if (is_unreadable(report)) return out + next_steps(report, told);
    Fields fields;
    fields.add("log", report.origin);
    if (!report.key.empty()) fields.add("key", report.key + " (from " + report.key_from + ")");
    fields.add("checkpoints", signed_text(report));
    if (report.dropped > 0)
        fields.add("retention", "the texts of " + with_commas(report.dropped) +
                                    " events are gone; their hashes hold, and nothing proves what their rows say");
    if (report.signed_answers > 0)
        fields.add("answers", with_commas(report.signed_answers) + " signed by devices, and the signatures hold");
    for (const auto& anchor : report.anchors)
        fields.add(anchor.name, in_words(anchor.state) + (anchor.detail.empty() ? "" : ": " + anchor.detail),
                   tone_of(anchor));
    out += fields.text(look);
    for (const auto& one : report.notes) out += escaped(one) + "\n";
    if (!report.whole)
        return out +
               (any_outside(report)
                    ? ""
                    : "no outside anchor: nothing is known here that root on its machine could not have made up\n") +
               next_steps(report, told);
    if (!any_outside(report))
        out += "no outside anchor: root on the log's machine could have made all of this up. Keep a checkpoint "
               "elsewhere: " +
               escaped(told.ctl + " audit checkpoint --save FILE; then: " + told.ctl + " audit verify " +
                       (told.log.empty() ? "" : told.log + " ") + "--checkpoint FILE") +
               "\n";
    return out;
}

} // namespace owhale::cli::verify
