#include "cli/audit_words.hpp"

#include <boost/json/serialize.hpp>

#include "checks.hpp"
#include "daemon/audit/event_types.hpp"

using namespace owhale;
using namespace owhale::cli;

namespace {

namespace json = boost::json;

json::value filled(audit::Kind kind) {
    switch (kind) {
    case audit::Kind::number:
        return 7;
    case audit::Kind::flag:
        return true;
    case audit::Kind::list:
        return json::array{"one", "two"};
    case audit::Kind::object:
        return json::object{};
    case audit::Kind::text:
        break;
    }
    return "something";
}

api::AuditEntry event(std::string_view name, std::string_view outcome, json::object data) {
    api::AuditEntry entry;
    entry.event = json::object{{"event", name},
                               {"principal", "tcp 192.0.2.1"},
                               {"outcome", outcome},
                               {"verb", "verb"},
                               {"data", std::move(data)}};
    return entry;
}

} // namespace

TEST_CASE("every event has words, however it ended") {
    for (const auto& type : audit::event_types()) {
        json::object data;
        for (const auto& field : type.fields)
            if (field.required || type.summary.find("{" + std::string(field.name) + "}") != type.summary.npos)
                data[field.name] = filled(field.kind);
        if (type.summary.find("{command}") != type.summary.npos) data["command"] = json::array{"ls"};
        json::object failed;
        for (const auto& field : audit::fields_of_act(type.act))
            if (field.required || field.name == "reason") failed[field.name] = filled(field.kind);
        for (const auto& outcome : {"ok", "failed", "denied"}) {
            CAPTURE(type.name);
            CAPTURE(outcome);
            auto has = data;
            if (type.act == audit::Act::tried && std::string_view(outcome) != "ok") has = failed;
            auto told = event(type.name, outcome, std::move(has));
            if (type.summary.find("{run}") != type.summary.npos) told.event.as_object()["run"] = "0190000000ab";
            CHECK_FALSE(audit_what(told).empty());
        }
    }
}

TEST_CASE("what went wrong by itself is told as it is") {
    const auto crashed =
        event("daemon.crashed", "failed", {{"started", "x"}, {"last_seq", 41}, {"last_heard", "y"}, {"runs", 2}});
    CHECK_EQ(audit_what(crashed), "owhaled had ended without a daemon.stop, after event 41; runs that it cut off: 2");
    CHECK_EQ(audit_told(crashed, true).value_or(""), audit_what(crashed));
    const auto fast =
        event("rate.limited", "denied", {{"peer", "tcp 192.0.2.1"}, {"reason", "too many x"}, {"count", 4}});
    CHECK_EQ(audit_what(fast), "refused for coming too fast: too many x, times 4");
    const auto signature =
        event("token.refused", "denied",
              {{"peer", "tcp 192.0.2.1"}, {"proof", "signature in the name of the device phone"}, {"reason", "gone"}});
    CHECK_EQ(audit_what(signature), "a signature in the name of the device phone was refused: gone");
}

TEST_CASE("of a wrong code the first words say which try it was") {
    const json::object data{{"peer", "tcp 192.0.2.1"}, {"reason", "try 3 of 5: the code was wrong"}, {"pairing", "77"}};
    CHECK_EQ(audit_what(event("pair.join", "failed", data)), "try 3 of 5: the code was wrong, pairing 77");
    const json::object end{{"pairing", "77"}, {"maker", "user:a"}, {"name", "phone"}, {"why", "five tries were wrong"}};
    CHECK_EQ(audit_what(event("pair.end", "failed", end)), "the pairing 77 of user:a ended: five tries were wrong");
    const json::object made{{"pairing", "77"}, {"name", "phone"}, {"can", {"approve", "audit"}}};
    CHECK_EQ(audit_what(event("pair.create", "ok", made)), "made a pairing code for phone, which may approve, audit");
}
