#include "cli/audit_entry.hpp"

#include <array>
#include <boost/json/serialize.hpp>
#include <ctime>

#include "cli/approval_view.hpp"
#include "cli/audit_words.hpp"
#include "cli/escape.hpp"

namespace owhale::cli {
namespace {

namespace json = boost::json;

std::string text_of(const json::value* value) {
    if (value == nullptr || value->is_null()) return {};
    if (const auto* text = value->if_string()) return std::string(text->data(), text->size());
    return json::serialize(*value);
}

std::string data_text(const api::AuditEntry& entry, std::string_view key) {
    return text_of(audit_data(entry, key));
}

// "deny by rule recursive-delete (critical): deletes …"
std::string verdict_of(const api::AuditEntry& entry) {
    auto out = data_text(entry, "verdict");
    if (const auto rule = data_text(entry, "rule"); !rule.empty()) out += (out.empty() ? "rule " : " by rule ") + rule;
    if (const auto severity = data_text(entry, "severity"); !severity.empty() && !out.empty())
        out += " (" + severity + ")";
    if (const auto reason = data_text(entry, "reason"); !reason.empty()) out += (out.empty() ? "" : ": ") + reason;
    return out;
}

std::string agreed_by(const api::AuditEntry& entry) {
    std::string out;
    for (const auto key : {"approval", "grant"})
        if (const auto id = data_text(entry, key); !id.empty())
            out += (out.empty() ? "" : ", ") + std::string(key) + " " + id;
    if (const auto who = data_text(entry, "approved_by"); !who.empty()) out += " by " + who;
    return out;
}

// What the run had, in a few words: all of it stands below, and in `owhalectl runs show`.
std::string receipt_of(const api::AuditEntry& entry) {
    const auto* receipt = audit_data(entry, "receipt");
    const auto* object = receipt == nullptr ? nullptr : receipt->if_object();
    if (object == nullptr) return {};
    std::string out = text_of(object->if_contains("program"));
    for (const auto key : {"profile", "net", "workspace"})
        if (const auto text = text_of(object->if_contains(key)); !text.empty())
            out += (out.empty() ? "" : ", ") + std::string(key) + " " + text;
    const auto* weaker = object->if_contains("weaker");
    if (weaker != nullptr && weaker->is_array() && !weaker->get_array().empty())
        out += ", weaker than it could be in " + std::to_string(weaker->get_array().size()) +
               (weaker->get_array().size() == 1 ? " thing" : " things");
    return out;
}

void add_dropped(Fields& fields, const api::AuditDropped& dropped) {
    fields.add("dropped",
               "its text was dropped by retention at " + dropped.dropped_at + " (event " + std::to_string(dropped.by) +
                   " tells of it); its hash is kept, and still in the tree",
               Tone::warn);
}

void add_check(Fields& fields, const ProofCheck& check, bool dropped) {
    switch (check.state) {
    case ProofCheck::State::good:
        return fields.add("verified",
                          check.words + (dropped
                                             ? ": its hash alone stands there; what is shown above is a note beside "
                                               "it, which nothing proves now that the text is gone"
                                             : ": it stands there as shown, and cannot be changed or taken away "
                                               "unseen by who keeps that checkpoint"),
                          Tone::good);
    case ProofCheck::State::missing:
        return fields.add("not verified", check.words, Tone::warn);
    case ProofCheck::State::bad:
        return fields.add("NOT AS LOGGED", check.words, Tone::bad);
    }
}

} // namespace

std::string proof_text(const Look& look, const api::AuditProof& proof, const std::string& vkey) {
    Fields fields;
    fields.add("leaf", std::to_string(proof.index));
    fields.add("size", std::to_string(proof.size));
    for (const auto& hash : proof.hashes) fields.add("hash", hash);
    fields.add("key", vkey);
    return "\n" + fields.text(look) + "\n" + escaped_lines(proof.checkpoint);
}

std::string audit_entry(const Look& look, const api::AuditEntry& entry, const ProofCheck& check) {
    const auto time = audit_member(entry, "time"), outcome = audit_member(entry, "outcome");
    const auto event = audit_member(entry, "event");
    Fields fields;
    fields.add("Event", std::to_string(entry.seq) + " " + event, Tone::bold);
    fields.add("", audit_told(entry, true).value_or(""));
    fields.add("time", time + " (" + relative(time, std::time(nullptr)) + ")");
    for (const auto key : {"principal", "verb"}) fields.add(key, audit_member(entry, key));
    fields.add("device", data_text(entry, "device_name"));
    for (const auto key : {"peer", "session", "step_up"}) fields.add(key, data_text(entry, key));
    fields.add("outcome", outcome, tone_of_audit(event, outcome));
    fields.add("command", audit_command(entry));
    fields.add("verdict", verdict_of(entry));
    fields.add("agreed", agreed_by(entry));
    fields.add("run", audit_member(entry, "run"));
    fields.add("receipt", receipt_of(entry));
    if (entry.dropped) add_dropped(fields, *entry.dropped);
    fields.add("id", audit_member(entry, "id"));
    fields.add("hash", entry.hash);
    add_check(fields, check, entry.dropped.has_value());
    const auto* object = entry.event.if_object();
    const auto* data = object == nullptr ? nullptr : object->if_contains("data");
    if (data == nullptr) return fields.text(look);
    Look indented = look;
    indented.format = Format::json;
    indented.terminal = true;
    return fields.text(look) + "\n" + json_text(indented, json::serialize(*data));
}

} // namespace owhale::cli
