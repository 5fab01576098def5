#include "cli/audit_rows.hpp"

#include <array>
#include <boost/json/serialize.hpp>

#include "cli/units.hpp"

namespace owhale::cli {
namespace {

namespace json = boost::json;

std::string member(const json::value& event, std::string_view key) {
    const auto* object = event.if_object();
    const auto* value = object == nullptr ? nullptr : object->if_contains(key);
    if (value == nullptr) return {};
    if (const auto* text = value->if_string()) return std::string(text->data(), text->size());
    return json::serialize(*value);
}

// What was acted upon: an account, a row of access, a token or a session.
std::string object_of(const json::value& event) {
    const auto* object = event.if_object();
    const auto* data = object == nullptr ? nullptr : object->if_contains("data");
    for (const auto key : {"account", "subject", "token", "session"})
        if (auto text = data == nullptr ? std::string() : member(*data, key); !text.empty()) return text;
    return {};
}

Tone tone_of_outcome(std::string_view outcome) {
    if (outcome == "exited" || outcome == "ok" || outcome == "pending" || outcome.empty()) return Tone::plain;
    return Tone::bad;
}

} // namespace

std::string audit_table(const Look& look, const std::vector<api::AuditEntry>& entries) {
    std::vector<std::string> headings = {"SEQ", "TIME", "PRINCIPAL", "EVENT", "OUTCOME", "RUN"};
    if (look.verbose) headings.emplace_back("OF");
    Table table(std::move(headings), 5);
    for (const auto& [seq, hash, event, dropped, proof] : entries) {
        const auto outcome = member(event, "outcome");
        std::vector<Cell> cells = {{std::to_string(seq)},
                                   {in_seconds(member(event, "time")), Tone::dim},
                                   {member(event, "principal")},
                                   {member(event, "event")},
                                   {outcome, tone_of_outcome(outcome)},
                                   {member(event, "run")}};
        if (look.verbose) cells.push_back({object_of(event)});
        table.row(std::move(cells));
    }
    return table.text(look);
}

std::string audit_lines(const Look& look, const std::vector<api::AuditEntry>& entries) {
    std::string out;
    for (const auto& [seq, hash, event, dropped, proof] : entries) {
        if (look.format != Format::table) {
            out += R"({"seq":)" + std::to_string(seq) + R"(,"hash":")" + hash + R"(","event":)" +
                   json::serialize(event) + "}\n";
            continue;
        }
        const auto outcome = member(event, "outcome");
        out += std::to_string(seq) + "  " + toned(look, Tone::dim, in_seconds(member(event, "time")));
        for (const auto key : {"principal", "event"}) out += "  " + toned(look, Tone::plain, member(event, key));
        out += "  " + toned(look, tone_of_outcome(outcome), outcome) + "  " +
               toned(look, Tone::plain, member(event, "run")) + "\n";
    }
    return out;
}

std::string audit_entry(const Look& look, const api::AuditEntry& entry) {
    Fields fields;
    fields.add("Event", std::to_string(entry.seq) + " " + member(entry.event, "event"), Tone::bold);
    for (const auto key : {"time", "principal", "verb", "outcome", "run", "id"})
        fields.add(key, member(entry.event, key));
    fields.add("hash", entry.hash);
    const auto* object = entry.event.if_object();
    const auto* data = object == nullptr ? nullptr : object->if_contains("data");
    if (data == nullptr) return fields.text(look);
    Look indented = look;
    indented.format = Format::json;
    indented.terminal = true;
    return fields.text(look) + "\n" + json_text(indented, json::serialize(*data));
}

std::string rfc3339(std::time_t time) {
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::array<char, 32> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return std::string(text.data(), length);
}

} // namespace owhale::cli
