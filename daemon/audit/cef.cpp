#include "audit/cef.hpp"

#include <boost/json/serialize.hpp>
#include <utility>

#include "audit/event_json.hpp"
#include "audit/event_types.hpp"
#include "audit/moment.hpp"
#include "audit/ocsf_draft.hpp"
#include "audit/summary.hpp"
#include "base/utf8.hpp"

namespace owhale::audit {
namespace {

namespace json = boost::json;

// What CEF allows in the values used here, in bytes, which are at least as many as its characters.
constexpr std::size_t kLong = 4000, kMiddle = 1023, kShort = 63;

std::string cut(std::string_view text, std::size_t most) {
    if (text.size() <= most) return std::string(text);
    return std::string(text.substr(0, size_to_cut(text, most - 3))) + "…";
}

// Control characters, C1 among them, would move a terminal's cursor or end the line.
bool is_control(std::string_view text, std::size_t at) {
    const auto c = static_cast<unsigned char>(text[at]);
    const bool second = c == 0xc2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0;
    return second || c < 0x20 || c == 0x7f;
}

std::string escaped(std::string_view text, std::string_view special) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_control(text, i)) {
            const bool ends_line = special.contains('\n') && (text[i] == '\n' || text[i] == '\r');
            out += !ends_line ? " " : text[i] == '\n' ? "\\n" : "\\r";
            i += static_cast<unsigned char>(text[i]) == 0xc2;
            continue;
        }
        if (special.contains(text[i])) out += '\\';
        out += text[i];
    }
    return out;
}

class Line {
public:
    void head(std::string_view text) { (out_ += escaped(text, "|\\")) += '|'; }
    void add(std::string_view key, std::string_view value, std::size_t most = kMiddle) {
        if (value.empty()) return;
        if (std::exchange(begun_, true)) out_ += ' ';
        ((out_ += key) += '=') += escaped(cut(value, most), "=\\\n");
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_ = "CEF:0|";
    bool begun_ = false; // its extension
};

int loudness(Severity severity) {
    switch (severity) {
    case Severity::critical:
        return 10;
    case Severity::error:
        return 8;
    case Severity::warning:
        return 6;
    case Severity::notice:
        return 3;
    case Severity::info:
        return 1;
    }
    return 1;
}

void add_head(Line& line, const json::object& whole, const ExportSource& source) {
    const auto name = EventName::find(text_in(whole, "event"));
    line.head("owhale");
    line.head("owhaled");
    line.head(source.version);
    line.head(text_in(whole, "event"));
    line.head(cut(name ? summary_of(type_of(*name), whole) : text_in(whole, "event"), 512));
    line.head(std::to_string(name ? loudness(severity_of(type_of(*name), text_in(whole, "outcome"))) : 1));
}

void add_source(Line& line, std::string_view peer) {
    if (peer.empty()) return;
    const auto from = ocsf_endpoint(peer);
    const bool v6 = text_in(from, "ip").contains(':');
    line.add(v6 ? "c6a2" : "src", text_in(from, "ip"));
    if (v6) line.add("c6a2Label", "Source IPv6 Address");
    if (const auto* port = from.if_contains("port")) line.add("spt", std::to_string(port->get_int64()));
    line.add("sourceServiceName", text_in(from, "name"));
}

} // namespace

std::string to_cef(const Row& row, const ExportSource& source) {
    const auto whole = event_object(row.json);
    const auto data = object_in(whole, "data");
    Line line;
    add_head(line, whole, source);
    // These three first, and in this order: where they stand says that they are owhaled's.
    line.add("externalId", std::to_string(row.seq));
    line.add("cs1Label", "leafHash");
    line.add("cs1", row.hash);
    const auto time = moment_of(std::string(text_in(whole, "time")));
    if (time) line.add("rt", std::to_string(*time / 1000));
    line.add("dvchost", source.host());
    line.add("suser", text_in(whole, "principal"));
    line.add("act", text_in(whole, "verb"), kShort);
    line.add("outcome", text_in(whole, "outcome"), kShort);
    line.add("reason", text_in(data, text_in(data, "reason").empty() ? "why" : "reason"));
    add_source(line, text_in(data, "peer"));
    if (!text_in(whole, "run").empty()) line.add("cs2Label", "run");
    line.add("cs2", text_in(whole, "run"));
    if (!data.empty()) line.add("cs3Label", "data");
    if (!data.empty()) line.add("cs3", json::serialize(data), kLong);
    return line.take();
}

} // namespace owhale::audit
