#include "cli/audit_output.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace owhale::cli {
namespace {

namespace json = boost::json;

// As owhaled wrote them, members that this owhalectl does not know among them.
json::array raw_events(const std::string& body) {
    boost::system::error_code error;
    auto value = json::parse(body, error);
    auto* object = value.if_object();
    auto* events = object == nullptr ? nullptr : object->if_contains("events");
    return events != nullptr && events->is_array() ? std::move(events->get_array()) : json::array();
}

} // namespace

AuditOutput::AuditOutput(Context& context)
    : look_(context.look()), numbers_(look_.format == Format::table && look_.quiet), table_(look_) {}

// One event a line in each form: what reads the lines of the one needs to learn nothing for the other.
std::string AuditOutput::as_json(json::array events) {
    Look lines = look_;
    lines.format = Format::jsonl;
    std::string out;
    for (const auto& event : events) {
        auto line = json_text(lines, json::serialize(event));
        if (look_.format == Format::json) {
            line.pop_back();
            out += printed_ == 0 ? "{\"events\":[\n" : ",\n";
        }
        out += line;
        ++printed_;
    }
    return out;
}

Status AuditOutput::page(api::AuditList list, const std::string& body, bool backwards) {
    if (list.events.empty()) return {};
    if (look_.format == Format::table) {
        if (backwards) std::ranges::reverse(list.events);
        return print(numbers_ ? audit_numbers(list.events) : table_.rows(list.events));
    }
    auto events = raw_events(body);
    if (backwards) std::ranges::reverse(events);
    return print(as_json(std::move(events)));
}

Status AuditOutput::end(std::optional<std::uint64_t> next) {
    if (look_.format == Format::table && !numbers_) return print(table_.rows({}));
    if (look_.format != Format::json) return {};
    std::string out = printed_ == 0 ? "{\"events\":[" : "\n";
    out += "]";
    if (next) out += ",\"next\":" + std::to_string(*next);
    return print(out + "}\n");
}

} // namespace owhale::cli
