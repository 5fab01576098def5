#include "audit/event_check.hpp"

#include <algorithm>
#include <boost/json/value.hpp>

#include "audit/outcome_names.hpp"

namespace owhale::audit {
namespace {

bool is_of(Kind kind, const boost::json::value& value) {
    switch (kind) {
    case Kind::text:
        return value.is_string();
    case Kind::number:
        return value.is_int64() || value.is_uint64();
    case Kind::flag:
        return value.is_bool();
    case Kind::list:
        return value.is_array();
    case Kind::object:
        return value.is_object();
    }
    return false;
}

const Field* find_field(std::span<const Field> fields, std::string_view name) {
    const auto at = std::ranges::find(fields, name, &Field::name);
    return at == fields.end() ? nullptr : &*at;
}

} // namespace

std::vector<std::string> faults_of(const EventType& type, std::string_view outcome, const boost::json::object& data) {
    std::vector<std::string> out;
    if (std::ranges::find(kOutcomeNames, outcome) == kOutcomeNames.end())
        out.push_back("the outcome `" + std::string(outcome) + "` is not in the table");
    for (const auto& member : data) {
        const auto* field = find_field(type.fields, member.key());
        if (field == nullptr) field = find_field(fields_of_act(type.act), member.key());
        const std::string name(member.key());
        if (field == nullptr)
            out.push_back("`" + name + "` is not in the table");
        else if (!is_of(field->kind, member.value()))
            out.push_back("`" + name + "` is no " + std::string(name_of(field->kind)));
    }
    if (type.act == Act::tried && outcome == "failed") return out;
    for (const auto& field : type.fields)
        if (field.required && !data.contains(field.name)) out.push_back("`" + std::string(field.name) + "` is missing");
    return out;
}

} // namespace owhale::audit
