// Writes owhaled-audit-events(7) in scdoc from the table of event types; with --json the table itself, for tests.
#include <boost/json/serialize.hpp>
#include <iostream>
#include <string>

#include "audit/event_types.hpp"
#include "audit/outcome_names.hpp"

using namespace owhale::audit;

namespace {

namespace json = boost::json;

constexpr std::string_view kIntroduction = R"(owhaled-audit-events(7)

# NAME

owhaled-audit-events - every event of the audit log, and what it says

# DESCRIPTION

What *owhalectl audit ls* and *audit show* show, *audit export* writes and the journal has. An event is JSON:

	_event_ (its name, below), _id_ (UUIDv7), _time_ (RFC 3339, UTC), _principal_ (whose act it is), _outcome_, _v_ (1);
	where there are any, _verb_ (of the API, see *owhalectl*(1)) and _run_; and _data_ with the fields below. A
	field that is not marked *optional* is always there.

_outcome_ is _ok_ or _failed_ unless an event is about something that ends in more ways (_pending_ before the act and then
how it went, _denied_, _exited_, _cancelled_ and others). A failure is one step louder than what stands here, but for what
is a warning anyway. All outcomes:
)";

constexpr std::string_view kDevice = "Where it is a _device_'s act, _data_ also has:\n\n";

constexpr std::string_view kAsked = "and where a _person asked_:\n\n";

constexpr std::string_view kEnd = R"(# SEE ALSO

*owhaled-audit*(7), *owhalectl*(1)
)";

std::string_view name_of(Severity severity) {
    switch (severity) {
    case Severity::critical:
        return "critical";
    case Severity::error:
        return "error";
    case Severity::warning:
        return "warning";
    case Severity::notice:
        return "notice";
    case Severity::info:
        return "info";
    }
    return "";
}

std::string_view name_of(Act act) {
    return act == Act::own ? "own" : act == Act::asked ? "asked" : "tried";
}

// What scdoc would read as its own: emphasis, escapes, and lists at a line's beginning.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view("\\_*[]|#<>{}~").contains(c)) out += '\\';
        out += c;
    }
    return out;
}

void write_fields(std::span<const Field> fields) {
    for (const auto& field : fields)
        std::cout << '*' << plain(field.name) << "* (" << owhale::audit::name_of(field.kind)
                  << (field.required ? "" : ", optional") << ")\n\t" << plain(field.meaning) << "\n\n";
}

void write_event(const EventType& type) {
    std::cout << "## " << type.name << "\n\n" << plain(type.meaning) << "\n\n";
    std::cout << "As a line: " << plain(type.summary) << "++\nPrincipal: " << plain(type.who)
              << ". Severity: " << name_of(type.severity) << ". ";
    if (type.act != Act::own) std::cout << "A person asked" << (type.act == Act::tried ? ", and it may fail. " : ". ");
    std::cout << "OCSF: class " << type.ocsf.class_uid << ", activity " << int{type.ocsf.activity}
              << ".++\nMESSAGE\\_ID=" << type.message_id << "\n\n";
    write_fields(type.fields);
}

void write_outcomes() {
    for (const auto outcome : kOutcomeNames)
        std::cout << '_' << plain(outcome) << '_' << (outcome == kOutcomeNames.back() ? ".\n\n" : ", ");
}

void write_page() {
    std::cout << kIntroduction;
    write_outcomes();
    std::cout << kDevice;
    const auto own = fields_of_act(Act::own);
    write_fields(own);
    std::cout << kAsked;
    write_fields(fields_of_act(Act::asked).subspan(own.size()));
    std::cout << "and where it _may fail_:\n\n";
    write_fields(fields_of_act(Act::tried).subspan(fields_of_act(Act::asked).size()));
    std::cout << "# EVENTS\n\n";
    for (const auto& type : event_types()) write_event(type);
    std::cout << kEnd;
}

json::array as_json(std::span<const Field> fields) {
    json::array out;
    for (const auto& field : fields)
        out.push_back(json::object{
            {"name", field.name}, {"kind", owhale::audit::name_of(field.kind)}, {"required", field.required}});
    return out;
}

void write_json() {
    json::array out;
    for (const auto& type : event_types())
        out.push_back(json::object{{"name", type.name},
                                   {"severity", static_cast<int>(type.severity)},
                                   {"act", name_of(type.act)},
                                   {"class_uid", type.ocsf.class_uid},
                                   {"activity_id", type.ocsf.activity},
                                   {"message_id", type.message_id},
                                   {"fields", as_json(type.fields)},
                                   {"act_fields", as_json(fields_of_act(type.act))}});
    std::cout << json::serialize(out) << '\n';
}

} // namespace

int main(int count, char** arguments) {
    if (count == 2 && std::string_view(arguments[1]) == "--json")
        write_json();
    else
        write_page();
    return std::cout.flush() ? 0 : 1;
}
