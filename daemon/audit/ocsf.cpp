#include "audit/ocsf.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

#include "audit/event_json.hpp"
#include "audit/moment.hpp"
#include "audit/ocsf_draft.hpp"
#include "audit/summary.hpp"

namespace owhale::audit {
namespace {

namespace json = boost::json;

constexpr std::int64_t kOther = 99;

// severity_id, of the five that the table has.
std::int64_t loudness(Severity severity) {
    return std::clamp<std::int64_t>(7 - static_cast<std::int64_t>(severity), 1, 5); // info 1, notice 2 … critical 5
}

std::int64_t status_of(std::string_view outcome) {
    constexpr std::array<std::string_view, 4> kGood = {"ok", "exited", "used", "approved"};
    constexpr std::array<std::string_view, 8> kBad = {"failed", "denied",    "refused",        "error",
                                                      "lost",   "timed_out", "limit_exceeded", "throttled"};
    if (std::ranges::find(kGood, outcome) != kGood.end()) return 1;
    if (std::ranges::find(kBad, outcome) != kBad.end()) return 2;
    return outcome.empty() ? 0 : kOther;
}

std::int64_t milliseconds(std::string_view time) {
    const auto us = moment_of(std::string(time));
    return us ? *us / 1000 : 0;
}

json::object metadata_of(const Row& row, const OcsfDraft& draft) {
    json::object out{{"version", kOcsfVersion}, {"sequence", row.seq}, {"profiles", json::array{"host"}}};
    out["product"] = json::object{{"name", "owhaled"}, {"vendor_name", "owhale"}, {"version", draft.source.version}};
    out["log_name"] = draft.source.origin;
    out["log_provider"] = "owhaled";
    for (const auto& [attribute, member] : {std::pair{"uid", "id"}, std::pair{"event_code", "event"},
                                            std::pair{"original_time", "time"}, std::pair{"correlation_uid", "run"}})
        if (const auto text = draft.said(member); !text.empty()) out[attribute] = text;
    return out;
}

json::object actor_of(OcsfDraft& draft) {
    const auto principal = draft.said("principal");
    if (principal.empty() || principal == "system") return {{"app_name", "owhaled"}};
    json::object actor{{"user", ocsf_user(principal)}};
    if (const auto session = draft.take("session"); !session.empty()) actor["session"] = json::object{{"uid", session}};
    return actor;
}

void classify(OcsfDraft& draft) {
    const std::int64_t class_uid = draft.type.ocsf.class_uid, activity = draft.type.ocsf.activity;
    draft.out["class_uid"] = class_uid;
    draft.out["category_uid"] = class_uid / 1000;
    draft.out["activity_id"] = activity;
    draft.out["type_uid"] = class_uid * 100 + activity;
    if (activity == kOther) draft.out["activity_name"] = draft.type.name;
}

void add_outcome(OcsfDraft& draft) {
    const auto outcome = draft.said("outcome");
    draft.out["severity_id"] = loudness(severity_of(draft.type, outcome));
    draft.out["status_id"] = status_of(outcome);
    if (!outcome.empty()) draft.out["status"] = outcome;
    for (const std::string_view why : {"reason", "why", "error"})
        if (!draft.out.contains("status_detail"))
            if (auto text = draft.take(why); !text.empty()) draft.out["status_detail"] = std::move(text);
    if (auto code = draft.take("code"); !code.empty()) draft.out["status_code"] = std::move(code);
}

// What has no attribute: nothing that the event says is lost.
json::object unmapped(const Row& row, OcsfDraft& draft) {
    auto out = std::move(draft.data);
    out["leaf_hash"] = row.hash;
    for (const std::string_view name : {"verb", "run"})
        if (const auto text = draft.said(name); !text.empty()) out[name] = text;
    return out;
}

const EventType& base_event() {
    static const EventType kBase{"", Severity::info, Act::own, {0, 0}, "", "", "{event}", "", {}};
    return kBase;
}

} // namespace

std::string to_ocsf(const Row& row, const ExportSource& source) {
    const auto whole = event_object(row.json);
    const auto name = EventName::find(text_in(whole, "event"));
    OcsfDraft draft{name ? type_of(*name) : base_event(), whole, source, object_in(whole, "data"), {}};
    draft.out["time"] = milliseconds(draft.said("time"));
    draft.out["metadata"] = metadata_of(row, draft);
    draft.out["device"] = json::object{{"name", source.host()}, {"type_id", 0}};
    draft.out["message"] = whole.empty() ? "an event whose text cannot be read" : summary_of(draft.type, whole);
    classify(draft);
    draft.out["actor"] = actor_of(draft);
    add_outcome(draft);
    draft.move_number("count", "count");
    fill_ocsf_class(draft);
    draft.out["unmapped"] = unmapped(row, draft);
    return json::serialize(draft.out);
}

} // namespace owhale::audit
