#include "cli/policy_verdicts.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/escape.hpp"
#include "policy/ceiling.hpp"
#include "policy/toml_text.hpp"

namespace owhale::cli {
namespace {

namespace json = boost::json;
using namespace owhale::policy;

constexpr Screen kScreen = {escaped, width};
constexpr std::size_t kMostFindings = 1'000;

// JSON is UTF-8; a command line need not be.
json::string text_of(std::string_view text) {
    return json::string(is_utf8_text(text) ? std::string(text) : escaped(text));
}

json::array texts_of(const std::vector<std::string>& texts) {
    json::array out;
    for (const auto& text : texts) out.push_back(text_of(text));
    return out;
}

json::object segment_json(const NormalForm& form, Span span) {
    const auto begin = std::min<std::size_t>(span.begin, form.text.size());
    const auto end = std::clamp<std::size_t>(span.end, begin, form.text.size());
    return {{"begin", begin}, {"end", end}, {"text", text_of(std::string_view(form.text).substr(begin, end - begin))}};
}

json::object ceiling_json(const Ceiling& ceiling) {
    json::object out = {{"net", ceiling.net}, {"workspace", ceiling.read_only ? "readonly" : "writable"}};
    if (!ceiling.hosts.empty()) out["hosts"] = texts_of(ceiling.hosts);
    if (!ceiling.profile.empty()) out["profile"] = text_of(profiles_of(ceiling));
    return out;
}

json::array opaque_json(const NormalForm& form, const Verdict& verdict) {
    json::array out;
    for (const auto& opaque : verdict.opaque) {
        auto one = segment_json(form, opaque.span);
        one["reason"] = text_of(opaque.reason);
        out.push_back(std::move(one));
        if (out.size() == kMostFindings) break;
    }
    return out;
}

json::array findings_json(const NormalForm& form, const Verdict& verdict) {
    json::array out;
    for (const auto& finding : verdict.findings) {
        json::object one = {{"rule", finding.rule->id},
                            {"decision", name_of(finding.decision)},
                            {"severity", name_of(finding.rule->severity)},
                            {"reason", text_of(finding.rule->reason)},
                            {"command", finding.command},
                            {"segment", segment_json(form, finding.span)}};
        if (!finding.unknown.empty()) one["unknown"] = text_of(finding.unknown);
        out.push_back(std::move(one));
        if (out.size() == kMostFindings) break;
    }
    return out;
}

Tone tone_of(Style style) {
    switch (style) {
    case Style::strong:
        return Tone::bold;
    case Style::dim:
        return Tone::dim;
    case Style::allow:
        return Tone::good;
    case Style::ask:
        return Tone::warn;
    case Style::deny:
        return Tone::bad;
    case Style::plain:
        break;
    }
    return Tone::plain;
}

std::string drawn(const Look& look, const std::vector<DrawnLine>& lines, std::string_view indent) {
    std::string out;
    for (const auto& line : lines) {
        out += indent;
        for (const auto& piece : line) out += toned(look, tone_of(piece.style), piece.text);
        while (out.ends_with(' ')) out.pop_back();
        out += '\n';
    }
    return out;
}

std::string headline(const Look& look, const Verdict& verdict) {
    const auto severity = verdict.severity == Severity::none ? "" : " (" + std::string(name_of(verdict.severity)) + ")";
    return toned(look, cli::tone_of(verdict.decision), name_of(verdict.decision)) + "  " +
           toned(look, Tone::bold, verdict.rule) + severity + "\n" + escaped(verdict.reason) + "\n";
}

std::string ceiling_text(const Ceiling& ceiling) {
    std::string out = "network " + escaped(ceiling.net);
    for (const auto& host : ceiling.hosts) out += (&host == &ceiling.hosts.front() ? " (" : ", ") + escaped(host);
    if (!ceiling.hosts.empty()) out += ")";
    out += ceiling.read_only ? ", workspace read-only" : ", workspace writable";
    return out + (ceiling.profile.empty() ? "" : ", profile " + escaped(profiles_of(ceiling)));
}

// What is denied as critical is no matter of pasting a rule: that one is a question away.
bool is_grave(const Verdict& verdict) {
    return verdict.decision == Decision::deny && verdict.severity == Severity::critical;
}

std::string change_text(const Look& look, const Verdict& verdict) {
    if (verdict.change.empty()) return {};
    std::string out = "\n" + toned(look, Tone::dim, "What would change it, in a file of /etc/owhaled/policy.d:") + "\n";
    std::string_view rest = verdict.change;
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        out += "  " + escaped(rest.substr(0, end)) + "\n";
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return out;
}

std::string change_hint(const Verdict& verdict) {
    return verdict.change.empty() ? ""
                                  : "\nA rule of your own could change it; `owhalectl policy explain` writes it.\n";
}

} // namespace

json::object verdict_json(const NormalForm& form, const Verdict& verdict, bool whole) {
    json::object out = {{"verdict", name_of(verdict.decision)},           {"rule", verdict.rule},
                        {"severity", name_of(verdict.severity)},          {"reason", text_of(verdict.reason)},
                        {"segment", segment_json(form, verdict.segment)}, {"opaque", opaque_json(form, verdict)},
                        {"ceiling", ceiling_json(verdict.ceiling)}};
    if (!whole) return out;
    out["findings"] = findings_json(form, verdict);
    if (!verdict.change.empty()) out["change"] = text_of(verdict.change);
    out["version"] = verdict.version;
    return out;
}

std::string verdict_text(const Look& look, const NormalForm& form, const Verdict& verdict) {
    auto out = headline(look, verdict);
    if (verdict.decision == Decision::allow) return out + "At most: " + ceiling_text(verdict.ceiling) + "\n";
    return out + "\n" + drawn(look, draw_source(form, verdict, kScreen), "  ") +
           (is_grave(verdict) ? change_hint(verdict) : change_text(look, verdict));
}

std::string explanation(const Look& look, const NormalForm& form, const Verdict& verdict) {
    return drawn(look, draw_source(form, verdict, kScreen), "  ") + "\n" + headline(look, verdict) +
           "At most: " + ceiling_text(verdict.ceiling) + "\n\n" +
           drawn(look, draw_commands(form, verdict, kScreen), "") + change_text(look, verdict);
}

Tone tone_of(Decision decision) {
    return decision == Decision::allow ? Tone::good : decision == Decision::ask ? Tone::warn : Tone::bad;
}

int exit_of(Decision decision) {
    return decision == Decision::allow ? 0 : decision == Decision::ask ? 10 : 11;
}

} // namespace owhale::cli
