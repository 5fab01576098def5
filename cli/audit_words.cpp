#include "cli/audit_words.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

#include "cli/approval_view.hpp"
#include "cli/device_names.hpp"
#include "cli/drawing.hpp"
#include "cli/escape.hpp"
#include "cli/ids.hpp"
#include "daemon/audit/event_types.hpp"

namespace owhale::cli {
namespace {

namespace json = boost::json;

struct Shown {
    std::string_view key;
    std::string_view label; // before the value; "" none
};
// What it is about: the first that is there.
constexpr std::array kSubjects = {
    Shown{"name", ""},     Shown{"secret", ""},    Shown{"account", ""},
    Shown{"subject", ""},  Shown{"host", ""},      Shown{"frozen", ""},
    Shown{"verb", ""},     Shown{"setting", ""},   Shown{"grant", ""},
    Shown{"approval", ""}, Shown{"token", ""},     Shown{"kid", "key "},
    Shown{"box", "box "},  Shown{"port", "port "}, Shown{"pairing", "pairing "},
    Shown{"peer", ""},     Shown{"path", ""},      Shown{"version", "version "},
};
constexpr std::string_view kTimes = "times ";
// How, and why: all that are there.
constexpr std::array kDetails = {
    Shown{"exit_code", "exit "}, Shown{"signal", "signal "},
    Shown{"limit", "limit "},    Shown{"rule", "rule "},
    Shown{"roles", "roles "},    Shown{"through", "through "},
    Shown{"to", "up to "},       Shown{"format", ""},
    Shown{"reason", ""},         Shown{"why", ""},
    Shown{"error", ""},          Shown{"count", kTimes},
};

std::string text_of(const json::value& value) {
    if (const auto* text = value.if_string()) return std::string(text->data(), text->size());
    if (const auto* list = value.if_array()) {
        std::string out;
        for (const auto& one : *list) out += (out.empty() ? "" : ", ") + text_of(one);
        return out;
    }
    return value.is_null() ? std::string() : json::serialize(value);
}

const json::value* member(const json::value& value, std::string_view key) {
    const auto* object = value.if_object();
    return object == nullptr ? nullptr : object->if_contains(key);
}

std::string shell_words(const json::array& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : " ") + quoted(text_of(word));
    return out;
}

// Ids by their last characters, which every command takes: whole ones would leave a line no room.
std::string named(std::string text) {
    return is_whole_id(text) ? short_id(text) : text;
}

std::string subject_of(const api::AuditEntry& entry) {
    for (const auto& [key, label] : kSubjects) {
        const auto* value = audit_data(entry, key);
        auto text = value == nullptr ? std::string() : text_of(*value);
        if (text.empty() || (key == "peer" && text == audit_member(entry, "principal"))) continue;
        const auto* port = key == "host" ? audit_data(entry, "port") : nullptr;
        return std::string(label) + named(std::move(text)) + (port == nullptr ? "" : ":" + text_of(*port));
    }
    const auto* receipt = audit_data(entry, "receipt");
    const auto* program = receipt == nullptr ? nullptr : member(*receipt, "program");
    return program == nullptr ? std::string() : text_of(*program);
}

void add(std::string& out, std::string text) {
    if (text.empty()) return;
    if (out.ends_with('.')) out.pop_back(); // a rule's reason is a sentence
    out += (out.empty() ? "" : ", ") + std::move(text);
}

std::string left_of(const api::AuditDropped& dropped, std::string_view key) {
    struct Member {
        std::string_view name;
        std::string api::AuditDropped::* text;
    };
    for (const auto& [name, text] :
         {Member{"time", &api::AuditDropped::time}, Member{"event", &api::AuditDropped::event},
          Member{"principal", &api::AuditDropped::principal}, Member{"verb", &api::AuditDropped::verb},
          Member{"outcome", &api::AuditDropped::outcome}})
        if (name == key) return dropped.*text;
    return key == "run" ? dropped.run.value_or("") : "";
}

constexpr std::string_view kBy = "{principal} ";

// Of a summary: a member of the event or of its data.
std::string word_of(const api::AuditEntry& entry, std::string_view member) {
    if (member == "command") return audit_command(entry);
    if (member == "run") return short_id(audit_member(entry, "run"));
    if (member == "principal") return audit_principal(entry);
    if (member == "outcome" || member == "verb") return audit_member(entry, member);
    const auto* value = audit_data(entry, member);
    if (value == nullptr) return {};
    const bool none = value->is_array() && value->as_array().empty();
    return none ? "nothing" : named(text_of(*value));
}

// Whether the words have it: a number's digits alone could be those of an id.
bool told_already(const api::AuditEntry& entry, std::string_view key, const json::value& value, std::string_view out) {
    if (value.is_string()) {
        auto text = named(text_of(value));
        if (text.ends_with('.')) text.pop_back();
        return out.find(text) != out.npos;
    }
    const auto name = audit::EventName::find(audit_member(entry, "event"));
    return name && audit::type_of(*name).summary.find("{" + std::string(key) + "}") != std::string_view::npos;
}

// Whether it is no act that may have failed, but tells how something ended, or what went wrong.
bool says_how(const audit::EventType& type) {
    constexpr std::array<std::string_view, 5> kHow = {"{outcome}", "{reason}", "{decision}", "{why}", "may not "};
    const bool trouble = type.act == audit::Act::own && type.severity <= audit::Severity::warning;
    return trouble || std::ranges::any_of(kHow, [&](auto how) { return type.summary.find(how) != type.summary.npos; });
}

// The summary with its words in; none when one is missing.
std::optional<std::string> sentence_of(const api::AuditEntry& entry, std::string_view rest, bool by_whom) {
    if (!by_whom && rest.starts_with(kBy)) rest.remove_prefix(kBy.size());
    std::string out;
    while (!rest.empty()) {
        const auto begin = std::min(rest.find('{'), rest.size()), end = rest.find('}', begin);
        out += rest.substr(0, begin);
        if (end == rest.npos) break;
        const auto text = word_of(entry, rest.substr(begin + 1, end - begin - 1));
        if (text.empty()) return std::nullopt;
        out += text;
        rest.remove_prefix(end + 1);
    }
    return out;
}

// Of what failed, and has nothing to say but that.
std::string not_done(const api::AuditEntry& entry) {
    const auto name = audit::EventName::find(audit_member(entry, "event"));
    const auto told = name ? sentence_of(entry, audit::type_of(*name).summary, false) : std::nullopt;
    return told ? audit_member(entry, "outcome") + ": " + *told : std::string();
}

// A count is of what is summed, but in these.
std::string label_of(const api::AuditEntry& entry, std::string_view key, std::string_view label) {
    const auto event = audit_member(entry, "event");
    const bool of_events = key == "count" && (event == "audit.exported" || event == "audit.dropped");
    return std::string(of_events ? "events " : label);
}

// Of a wrong code the reason comes first, which says which try it was: five rows are alike but for that.
std::string joined_by(const api::AuditEntry& entry) {
    const auto *reason = audit_data(entry, "reason"), *pairing = audit_data(entry, "pairing");
    if (reason == nullptr) return {};
    auto out = text_of(*reason);
    if (pairing != nullptr) add(out, "pairing " + named(text_of(*pairing)));
    return out;
}

} // namespace

std::string audit_member(const api::AuditEntry& entry, std::string_view key) {
    if (entry.dropped) return left_of(*entry.dropped, key);
    const auto* value = member(entry.event, key);
    return value == nullptr ? std::string() : text_of(*value);
}

std::string audit_principal(const api::AuditEntry& entry, std::size_t room) {
    const auto* name = audit_data(entry, "device_name");
    return called(audit_member(entry, "principal"), name == nullptr ? std::nullopt : std::optional(text_of(*name)),
                  room);
}

const json::value* audit_data(const api::AuditEntry& entry, std::string_view key) {
    const auto* data = member(entry.event, "data");
    return data == nullptr ? nullptr : member(*data, key);
}

std::string audit_command(const api::AuditEntry& entry) {
    for (const auto key : {"script", "argv", "command"}) {
        const auto* value = audit_data(entry, key);
        if (value == nullptr) continue;
        if (const auto* words = value->if_array()) return shell_words(*words);
        return text_of(*value);
    }
    return {};
}

std::optional<std::string> audit_told(const api::AuditEntry& entry, bool by_whom) {
    const auto name = audit::EventName::find(audit_member(entry, "event"));
    if (!name || entry.dropped) return std::nullopt;
    const auto& type = audit::type_of(*name);
    const auto outcome = audit_member(entry, "outcome");
    if (!says_how(type) && (outcome == "failed" || outcome == "denied")) return std::nullopt;
    return sentence_of(entry, type.summary, by_whom);
}

std::string audit_what(const api::AuditEntry& entry) {
    if (entry.dropped) return "no longer kept (" + std::to_string(entry.dropped->by) + ")";
    const auto told = audit_told(entry, false);
    auto out = told ? *told : audit_command(entry);
    if (out.empty() && audit_member(entry, "event") == "pair.join") out = joined_by(entry);
    if (out.empty()) out = subject_of(entry);
    for (const auto& [key, label] : kDetails) {
        const auto* value = audit_data(entry, key);
        const auto text = value == nullptr ? std::string() : text_of(*value);
        const auto labelled = label_of(entry, key, label);
        const bool once = labelled == kTimes && text == "1"; // counted, and not repeated
        if (!text.empty() && !once && !told_already(entry, key, *value, out)) add(out, labelled + named(text));
    }
    const auto run = audit_member(entry, "run");
    if (!told && !run.empty() && audit_command(entry).empty()) add(out, "run " + short_id(run));
    return in_one_line(out.empty() ? not_done(entry) : out);
}

Tone tone_of_audit(std::string_view event, std::string_view outcome) {
    constexpr std::array<std::string_view, 5> kBad = {"denied", "failed", "lost", "throttled", "limit_exceeded"};
    constexpr std::array<std::string_view, 4> kOdd = {"killed", "timed_out", "signaled", "expired"};
    if (std::ranges::find(kBad, outcome) != kBad.end() || event == "daemon.crashed") return Tone::bad;
    if (std::ranges::find(kOdd, outcome) != kOdd.end()) return Tone::warn;
    return outcome == "pending" ? Tone::dim : Tone::plain;
}

} // namespace owhale::cli
