#include "shared/openapi_operations.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>

#include "shared/error.hpp"
#include "shared/openapi_facts.hpp"

namespace owhale::openapi_operations {
namespace {

namespace json = boost::json;

struct Tag {
    std::string_view prefixes, name, description; // prefixes: of verbs' names, up to the dot
};
constexpr std::array kTags = {
    Tag{"runs", "runs", "Commands, scripts and code in cages."},
    Tag{"boxes workspaces", "boxes", "Where runs may write, and what those of one workspace share."},
    Tag{"policy", "policy", "What may run, and why."},
    Tag{"approvals grants freeze", "approvals", "Questions to people, their answers, and what these leave behind."},
    Tag{"events", "events", "What happens, as it happens."},
    Tag{"hosts", "hosts", "What a scoped network reaches."},
    Tag{"secrets", "secrets", "The vault."},
    Tag{"audit", "audit", "What happened."},
    Tag{"login logout password stepup sessions tokens pair devices users access keys jwks", "accounts", "Who asks."},
    Tag{"mcp", "mcp", "The Model Context Protocol, for agents."},
    Tag{"", "system", "owhaled itself."}, // all others
};

struct Query { // a query parameter of one verb
    std::string_view verb, name, type, description;
    std::int64_t low = 0, high = 0; // of integers, when high > 0
    std::string_view words = {};    // the set that its text is one of
};
constexpr std::int64_t kMost = std::int64_t{1} << 53;
constexpr std::array kQueries = {
    Query{"runs.list", "limit", "integer", "At most this many; 50 when left out.", 1, 500},
    Query{"runs.list", "before", "string", "Runs made before this one: `next` of the page before."},
    Query{"runs.list", "state", "string", "Runs in this state.", 0, 0, "run_state"},
    Query{"runs.list", "all", "integer", "1: everyone's, for who may see them.", 0, 1},
    Query{"runs.output", "stream", "string", "stdout when left out.", 0, 0, "stream"},
    Query{"runs.output", "offset", "integer", "First byte wanted.", 0, kMost},
    Query{"runs.output", "limit", "integer", "At most this many bytes; 1 MiB when left out.", 0, 4 << 20},
    Query{"runs.output", "wait", "integer", "1: answer when there are new bytes or the run has ended, 25 s at most.", 0,
          1},
    Query{"runs.attach", "replay", "integer", "0: live output only, not what is kept.", 0, 1},
    Query{"sessions.list", "user", "string", "Another account's, for who may see them."},
    Query{"sessions.list", "all", "integer", "1: ended ones too.", 0, 1},
    Query{"sessions.revoke_all", "user", "string", "Another account's, for who may end them."},
    Query{"approvals.list", "limit", "integer", "At most this many; 50 when left out.", 1, 500},
    Query{"approvals.list", "before", "string", "Requests made before this one: `next` of the page before."},
    Query{"approvals.list", "state", "string", "Requests in this state.", 0, 0, "approval_state"},
    Query{"approvals.list", "all", "integer", "1: everyone's, for who may see them.", 0, 1},
    Query{"approvals.stats", "hours", "integer", "Looks back this far; a week when left out.", 1, 2160},
    Query{"approvals.stats", "principal", "string", "One's alone; another's for who may see them."},
    Query{"grants.list", "all", "integer", "1: ended ones too.", 0, 1},
    Query{"grants.list", "limit", "integer", "At most this many.", 1, 500},
    Query{"grants.list", "before", "string", "Grants made before this one."},
    Query{"events", "types", "string", "Only these, by comma: approval, run, grant, freeze, or one event's name."},
    Query{"events", "last_event_id", "integer", "Goes on after this event, as the header Last-Event-ID does.", 0,
          kMost},
    Query{"freeze.thaw", "principal", "string", "Whom; left out: everybody."},
    Query{"secrets.list", "owner", "string", "Another's (user:alice), or * for everybody's, for who may see them."},
    Query{"secrets.show", "owner", "string", "Another's, for who may see them."},
    Query{"secrets.remove", "owner", "string", "Another's, for who may remove them."},
    Query{"secrets.rekey", "accept", "integer", "1: of a damaged vault, what is whole goes on.", 0, 1},
    Query{"tokens.list", "user", "string", "Another account's, for who may see them."},
    Query{"tokens.list", "all", "integer", "1: ended ones too.", 0, 1},
    Query{"pair.list", "all", "integer", "1: everybody's, for who may see them.", 0, 1},
    Query{"devices.list", "user", "string", "Another account's, for who may see them."},
    Query{"devices.list", "all", "integer", "1: everybody's, for who may see them.", 0, 1},
    Query{"audit.list", "limit", "integer", "At most this many; 100 when left out.", 1, 1000},
    Query{"audit.list", "before", "integer", "Events before this sequence number.", 0, kMost},
    Query{"audit.list", "after", "integer", "Events after this sequence number, oldest first.", 0, kMost},
    Query{"audit.list", "wait", "integer",
          "With after: so many seconds for the first event that fits. When owhaled is stopped "
          "meanwhile, the answer has its last event and says `ended`.",
          0, 30},
    Query{"audit.list", "since", "string", "RFC 3339, inclusive."},
    Query{"audit.list", "until", "string", "RFC 3339, exclusive; not before `since`."},
    Query{"audit.list", "principal", "string",
          "Events of this principal; of a device the id's beginning or end will do."},
    Query{"audit.list", "verb", "string",
          "Events of this verb; several by comma, * for any text: runs.*. What none fits is refused."},
    Query{"audit.list", "outcome", "string", "Events with this outcome; several by comma, * for any text."},
    Query{"audit.list", "run", "string", "Events of this run."},
    Query{"audit.list", "event", "string",
          "Events of this kind; several by comma, * for any text: run.*. What none fits is refused."},
    Query{"audit.list", "grep", "string", "Events that contain this text."},
    Query{"audit.stats", "since", "string", "RFC 3339, inclusive; the log's begin when left out."},
    Query{"audit.stats", "until", "string", "RFC 3339, exclusive; not before `since`; now when left out."},
    Query{"audit.stats", "principal", "string",
          "Events of this principal; of a device the id's beginning or end will do."},
    Query{"audit.stats", "outcome", "string", "Events with this outcome; several by comma, * for any text."},
    Query{"audit.stats", "event", "string", "Events of this kind; several by comma, * for any text."},
    Query{"audit.checkpoint", "covers", "integer",
          "The newest one there is will do, if it covers this event, else one is made over all. Left out: one over all "
          "events. For who sees their own events alone none is made but over an event of theirs: the newest there is.",
          0, kMost},
    Query{"audit.proof", "seq", "integer", "The event's sequence number.", 1, kMost},
    Query{"audit.proof", "size", "integer", "Of the tree: a checkpoint's size.", 1, kMost},
    Query{"audit.consistency", "from", "integer", "Size of the older tree.", 0, kMost},
    Query{"audit.consistency", "to", "integer", "Size of the newer tree.", 0, kMost},
    Query{"audit.export", "after", "integer", "Events after this sequence number; 0 when left out.", 0, kMost},
    Query{"audit.export", "until_seq", "integer", "Up to this one; the newest there is when left out.", 0, kMost},
    Query{"audit.export", "since", "string", "RFC 3339, inclusive."},
    Query{"audit.export", "until", "string", "RFC 3339, exclusive; not before `since`."},
    Query{"audit.export", "format", "string", "jsonl, which is also meant when it is left out; ocsf (1.5.0) or cef."},
    Query{"audit.export", "follow", "integer",
          "1: goes on with new events, up to the one that says that owhaled was stopped.", 0, 1},
};

struct Header { // a request header of some verbs
    std::string_view verbs, name, description, pattern;
    bool required = false;
};
constexpr std::array kHeaders = {
    Header{"runs.create runs.exec runs.wait approvals.show approvals.claim pair.state", "Prefer",
           "`wait=N` (RFC 7240): the longest wait in seconds, an hour at most.", "^wait=[0-9]+$"},
    Header{"runs.create", "Idempotency-Key",
           "The same key with the same body within 24 h answers with the run that there is; with another one 409.", ""},
    Header{"events", "Last-Event-ID", "Goes on after this event.", "^[0-9]{1,16}$"},
    Header{
        "runs.attach", "Sec-WebSocket-Protocol",
        "The channel convention, and of a browser the `protocol` of its ticket (RFC 6455 asks for the other headers).",
        "^v5\\.channel\\.k8s\\.io(, owhale\\.ticket\\.[A-Za-z0-9_-]{32})?$", true},
};

struct Success { // an answer other than 200 with the verb's message
    std::string_view verbs, status, description;
    bool located = false; // with Location
};
constexpr std::array kSuccesses = {
    Success{"runs.create runs.exec approvals.claim", "200", "Waited for, and ended: with its output."},
    Success{"runs.create runs.exec approvals.claim", "201", "Started; Location names the run.", true},
    Success{"runs.create runs.exec approvals.claim", "202", "It waits for approval; Location names the run.", true},
    Success{"users.create tokens.create", "201", "Made.", true},
    Success{"hosts.allow workspaces.add pair.create pair.confirm runs.ticket", "201", "Made."},
};

// Without a body these verbs do the usual thing.
constexpr std::string_view kBodyOptional = "runs.kill approvals.deny approvals.cancel";

bool lists(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        const auto end = std::min(words.find(' '), words.size());
        if (words.substr(0, end) == word) return true;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return false;
}

json::object reference(std::string_view where, std::string_view name) {
    return {{"$ref", "#/components/" + std::string(where) + "/" + std::string(name)}};
}

json::object parameter(std::string_view name, std::string_view in, json::object schema, std::string_view description) {
    return {{"name", name},
            {"in", in},
            {"required", in == "path"},
            {"description", description},
            {"schema", std::move(schema)}};
}

json::object schema_of(const Query& query) {
    json::object schema{{"type", query.type}};
    if (!query.words.empty()) schema["enum"] = openapi_facts::words(query.words);
    if (query.high > 0) schema["minimum"] = query.low;
    if (query.high > 0) schema["maximum"] = query.high;
    return schema;
}

void add_path(json::array& all, std::string_view path) {
    for (auto at = path.find('{'); at != path.npos; at = path.find('{', at + 1)) {
        const auto name = path.substr(at + 1, path.find('}', at) - at - 1);
        all.push_back(parameter(name, "path", {{"type", "string"}, {"minLength", 1}},
                                name == "id" ? "Another principal's answers 404." : "Which one."));
    }
}

void add_headers(json::array& all, const Verb& verb) {
    for (const auto& header : kHeaders) {
        if (!lists(header.verbs, verb.name)) continue;
        json::object schema{{"type", "string"}};
        if (!header.pattern.empty()) schema["pattern"] = header.pattern;
        auto one = parameter(header.name, "header", std::move(schema), header.description);
        one["required"] = header.required;
        all.push_back(std::move(one));
    }
    if ((verb.traits & (kStepUp | kNarrows)) == 0) return;
    all.push_back(parameter("Owhale-Password", "header", {{"type", "string"}},
                            "The account's password, UTF-8 in base64, for this one act; not needed while this "
                            "connection has a window (POST /v1/step-up)."));
}

json::object content(std::string_view type, json::object schema) {
    return {{type, {{"schema", std::move(schema)}}}};
}

json::object success(const Verb& verb, std::string_view description, bool located) {
    json::object answer{{"description", description}};
    if (!verb.response.empty()) answer["content"] = content("application/json", reference("schemas", verb.response));
    if (located) answer["headers"] = json::object{{"Location", reference("headers", "Location")}};
    return answer;
}

json::object raw_output() {
    return {{"description", "The bytes from there on."},
            {"headers",
             {{"Owhale-Offset", reference("headers", "Owhale-Offset")},
              {"Owhale-Length", reference("headers", "Owhale-Length")},
              {"Owhale-State", reference("headers", "Owhale-State")},
              {"Owhale-Truncated", reference("headers", "Owhale-Truncated")}}},
            {"content", content("application/octet-stream", {{"type", "string"}, {"format", "binary"}})}};
}

json::object channel() {
    return {{"description",
             "The channel is open: binary messages whose first byte says what they are. From the client 0 "
             "stdin, 4 {\"Width\":80,\"Height\":24}, 255 0 the end of stdin; to it 1 stdout, 2 stderr, 3 "
             "the run as JSON, at each change of state and, last, with its receipt. At most 1 MiB each."}};
}

json::object event_stream() {
    return {{"description",
             "Server-sent events that go on: `id` is the place in the audit log, `event` its kind, `data` "
             "the event as one line of JSON. A comment every 15 s says that it lives."},
            {"content", content("text/event-stream", {{"type", "string"}})}};
}

json::object export_lines() {
    return {
        {"description",
         "One event a line. In jsonl `{\"seq\":N,\"hash\":\"<hex>\",\"event\":{…}}`, where the event's bytes are those "
         "that are hashed, `\"dropped\":true` instead of an event whose body has gone by retention, and last "
         "`{\"checkpoint\":\"<signed note>\"}`: the tree head over all lines, when they begin with event 1. A line "
         "`{\"problem\":{…}}` says that owhaled could not go on. While it follows, an empty line every 15 s. In ocsf "
         "an event of OCSF 1.5.0, `metadata.sequence` its number; in cef, which is text/plain, a line of CEF:0, "
         "`externalId` its number. These two have no tree heads, and nothing for a dropped body."},
        {"content", json::object{{"application/x-ndjson", {{"schema", {{"type", "string"}}}}},
                                 {"text/plain", {{"schema", {{"type", "string"}}}}}}}};
}

json::object scrape() {
    const json::object text{{"schema", {{"type", "string"}}}};
    return {{"description", "A family of metrics after the other, as owhaled-metrics(7) lists them."},
            {"content",
             {{"text/plain; version=0.0.4; charset=utf-8", text},
              {"application/openmetrics-text; version=1.0.0; charset=utf-8", text}}}};
}

void add_mcp(json::object& all, const Verb& verb) {
    auto answers =
        success(verb, "The answer; as events, what belongs to it comes before it, and it ends the stream.", false);
    auto message = reference("schemas", verb.response);
    // An array answers the array that one revision of MCP lets clients send.
    json::array either{message, json::object{{"type", "array"}, {"items", message}}};
    answers["content"] = json::object{{"application/json", {{"schema", {{"oneOf", std::move(either)}}}}},
                                      {"text/event-stream", {{"schema", {{"type", "string"}}}}}};
    all["200"] = std::move(answers);
    all["202"] = json::object{{"description", "Notifications and answers are taken: there is nothing to say."}};
}

void add_successes(json::object& all, const Verb& verb) {
    for (const auto& one : kSuccesses)
        if (lists(one.verbs, verb.name)) all[one.status] = success(verb, one.description, one.located);
    if (!all.empty()) return;
    if (verb.name == "mcp")
        add_mcp(all, verb);
    else if (verb.name == "runs.attach")
        all["101"] = channel();
    else if (verb.name == "runs.output")
        all["200"] = raw_output();
    else if (verb.name == "events")
        all["200"] = event_stream();
    else if (verb.name == "audit.export")
        all["200"] = export_lines();
    else if (verb.name == "metrics")
        all["200"] = scrape();
    else if (verb.name == "openapi")
        all["200"] = json::object{{"description", "This document."},
                                  {"content", content("application/json", {{"type", "object"}})}};
    else if (verb.response.empty())
        all["204"] = success(verb, "Done.", false);
    else
        all["200"] = success(verb, "Done.", false);
}

struct Refusal {
    unsigned status;
    std::string_view headers;
};
constexpr std::array kRefusals = {
    Refusal{400, ""},
    Refusal{401, "WWW-Authenticate"},
    Refusal{403, ""},
    Refusal{404, ""},
    Refusal{409, ""},
    Refusal{413, ""},
    Refusal{422, ""},
    Refusal{426, "Upgrade"},
    Refusal{429, "Retry-After RateLimit RateLimit-Policy"},
    Refusal{500, ""},
    Refusal{503, "Retry-After"},
};

std::string codes_with(unsigned status) {
    std::string names;
    for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
        const auto& row = describe(static_cast<Code>(i));
        if (row.status == status) (names += names.empty() ? "" : ", ") += row.name;
    }
    return names.empty() ? "bad_request" : names;
}

bool may_refuse(const Verb& verb, unsigned status) {
    const bool by_path = verb.path.find('{') != verb.path.npos, body = !verb.request.empty();
    switch (status) {
    case 404:
        return by_path || body;
    case 409:
        return verb.method != "GET";
    case 413:
        return body;
    case 426:
        return verb.name == "runs.attach";
    default:
        return true;
    }
}

json::object refusal(const Refusal& row) {
    json::object headers;
    for (const auto* name : {"WWW-Authenticate", "Upgrade", "Retry-After", "RateLimit", "RateLimit-Policy"})
        if (lists(row.headers, name)) headers[name] = reference("headers", name);
    json::object answer{{"description", "`code` is one of: " + codes_with(row.status) + "."},
                        {"content", content("application/problem+json", reference("schemas", "Problem"))}};
    if (!headers.empty()) answer["headers"] = std::move(headers);
    return answer;
}

} // namespace

std::string_view tag_of(const Verb& verb) {
    const auto prefix = verb.name.substr(0, verb.name.find('.'));
    const auto found = std::ranges::find_if(kTags, [&](const Tag& tag) { return lists(tag.prefixes, prefix); });
    return found == kTags.end() ? kTags.back().name : found->name;
}

json::array tags() {
    json::array all;
    for (const auto& tag : kTags)
        if (std::ranges::any_of(verbs(), [&](const Verb& verb) { return tag_of(verb) == tag.name; }))
            all.push_back(json::object{{"name", tag.name}, {"description", tag.description}});
    return all;
}

json::array parameters(const Verb& verb) {
    json::array all;
    add_path(all, verb.path);
    for (const auto& query : kQueries)
        if (query.verb == verb.name) all.push_back(parameter(query.name, "query", schema_of(query), query.description));
    add_headers(all, verb);
    return all;
}

bool body_required(const Verb& verb) {
    return !lists(kBodyOptional, verb.name);
}

json::object responses(const Verb& verb) {
    json::object all;
    add_successes(all, verb);
    for (const auto& row : kRefusals)
        if (may_refuse(verb, row.status))
            all[std::to_string(row.status)] = reference("responses", "Refused" + std::to_string(row.status));
    all["default"] = reference("responses", "Refused");
    return all;
}

json::object shared_responses() {
    json::object all;
    for (const auto& row : kRefusals) all["Refused" + std::to_string(row.status)] = refusal(row);
    all["Refused"] = json::object{{"description", "Refused or failed; `code` says why."},
                                  {"content", content("application/problem+json", reference("schemas", "Problem"))}};
    return all;
}

json::object shared_headers() {
    const auto header = [](std::string_view type, std::string_view description) {
        return json::object{{"description", description}, {"schema", {{"type", type}}}};
    };
    return {
        {"Location", header("string", "The path of what was made.")},
        {"Owhale-Offset", header("integer", "Where these bytes begin: later than asked for when the middle is gone.")},
        {"Owhale-Length", header("integer", "How many bytes the stream has in truth.")},
        {"Owhale-State", header("string", "The run's state; an end only when all was read.")},
        {"Owhale-Truncated", header("string", "FROM-TO: the middle that is not kept.")},
        {"WWW-Authenticate", header("string", "Bearer, when a token is needed or was no good.")},
        {"Upgrade", header("string", "websocket")},
        {"Retry-After", header("integer", "Seconds to wait before the next try.")},
        {"RateLimit", header("string", "Which limit, and when it lets through again.")},
        {"RateLimit-Policy", header("string", "What the limit is.")}};
}

} // namespace owhale::openapi_operations
