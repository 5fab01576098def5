#include "cli/verify/report.hpp"

#include "cli/escape.hpp"
#include "shared/codec.hpp"

namespace owhale::cli::verify {
namespace {

std::string range(const Problem& problem) {
    auto out = with_commas(problem.seq);
    if (problem.through && *problem.through != problem.seq) out += " to " + with_commas(*problem.through);
    return out;
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

std::string signed_text(const Report& report) {
    if (!report.signed_size) return report.whole ? "none yet: nothing is signed" : "none that holds: nothing is signed";
    auto out =
        with_commas(report.checkpoints) + " hold; the newest is over " + with_commas(*report.signed_size) + " events";
    if (report.unsigned_events > 0) out += "; " + with_commas(report.unsigned_events) + " after it not signed yet";
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
        out += "  " + toned(look, Tone::bad, range(problem)) + "  " + toned(look, Tone::bold, in_words(problem.kind)) +
               ": " + escaped(problem.what) + "\n";
    if (report.bad > report.problems.size())
        out += "  and " + with_commas(report.bad - report.problems.size()) + " more\n";
    return out;
}

std::string head_of(const Look& look, const Report& report) {
    const auto events = with_commas(report.events) + " events";
    if (report.whole) return toned(look, Tone::good, "whole") + ": " + events + "\n";
    return toned(look, Tone::bad, "NOT whole") + ": " + events + " read; the first bad one is " +
           toned(look, Tone::bold, report.problems.empty() ? "unknown" : range(report.problems.front())) + "\n";
}

} // namespace

std::string with_commas(std::uint64_t number) {
    auto out = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > 0; at -= 3)
        out.insert(static_cast<std::size_t>(at), ",");
    return out;
}

std::string to_json(const Report& report) {
    return codec::to_text(report);
}

Result<Report> report_of(std::string_view json) {
    return codec::decode<Report>(json);
}

std::string as_text(const Look& look, const Report& report, const std::string& ctl, const std::string& log) {
    auto out = head_of(look, report) + problems_text(look, report);
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
    if (!any_outside(report))
        out += "no outside anchor: root on the log's machine could have made all of this up. Keep a checkpoint "
               "elsewhere: " +
               escaped(ctl + " audit checkpoint --save FILE; then: " + ctl + " audit verify " +
                       (log.empty() ? log : log + " ") + "--checkpoint FILE") +
               "\n";
    return out;
}

} // namespace owhale::cli::verify
