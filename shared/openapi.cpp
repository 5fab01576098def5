#include "shared/openapi.hpp"

#include <array>
#include <boost/core/demangle.hpp>
#include <cctype>
#include <typeinfo>

#include "shared/api.hpp"
#include "shared/api_approvals.hpp"
#include "shared/api_identity.hpp"
#include "shared/api_input.hpp"
#include "shared/api_mcp.hpp"
#include "shared/api_secrets.hpp"
#include "shared/codec.hpp"
#include "shared/verbs.hpp"

namespace owhale {
namespace {

namespace json = boost::json;
using codec::detail::Described;
using codec::detail::IsMap;
using codec::detail::IsOptional;
using codec::detail::IsVector;

template <typename T> std::string name_of() {
    const auto full = boost::core::demangle(typeid(T).name());
    return full.substr(full.rfind(':') + 1);
}

json::object reference(std::string_view name) {
    return {{"$ref", "#/components/schemas/" + std::string(name)}};
}

// What the messages look like, each described struct once.
class Schemas {
public:
    // `request`: a message that clients send, in which a key that nobody knows is refused.
    template <typename T> void add(bool request) {
        const auto name = name_of<T>();
        if (all_.contains(name)) return;
        all_.emplace(name, nullptr); // holds the place, should the struct contain itself
        json::object properties;
        json::array required;
        boost::mp11::mp_for_each<codec::detail::Members<T>>([&](auto member) {
            using Field = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
            const auto key = codec::detail::key_of(member.name);
            properties.emplace(key, of<Field>(request));
            if (!IsOptional<Field>::value) required.emplace_back(key);
        });
        json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
        if (!required.empty()) schema.emplace("required", std::move(required));
        if (request) schema.emplace("additionalProperties", false);
        all_[name] = std::move(schema);
    }
    json::object release() { return std::move(all_); }

private:
    template <typename T> json::object of(bool request) {
        if constexpr (std::same_as<T, json::value>) {
            return {};
        } else if constexpr (std::same_as<T, std::string>) {
            return {{"type", "string"}};
        } else if constexpr (std::same_as<T, bool>) {
            return {{"type", "boolean"}};
        } else if constexpr (std::floating_point<T>) {
            return {{"type", "number"}};
        } else if constexpr (std::integral<T>) {
            json::object schema{{"type", "integer"}};
            if constexpr (std::unsigned_integral<T>) schema.emplace("minimum", 0);
            schema.emplace("format", sizeof(T) == 8 ? "int64" : "int32");
            return schema;
        } else if constexpr (IsOptional<T>::value) {
            return of<typename T::value_type>(request);
        } else if constexpr (IsVector<T>::value) {
            return {{"type", "array"}, {"items", of<typename T::value_type>(request)}};
        } else if constexpr (IsMap<T>::value) {
            return {{"type", "object"}, {"additionalProperties", of<typename T::mapped_type>(request)}};
        } else {
            static_assert(Described<T>);
            add<T>(request);
            return reference(name_of<T>());
        }
    }

    json::object all_;
};

template <typename... T> void add_all(Schemas& schemas, bool request) {
    (schemas.add<T>(request), ...);
}

json::object schemas() {
    Schemas all;
    add_all<api::RunRequest, api::ExecRequest, api::CheckRequest, api::SignalRequest, api::KillRequest,
            api::LoginRequest, api::PasswordRequest, api::StepUpRequest, api::TokenRequest, api::UserRequest,
            api::RolesRequest, api::ApproveRequest, api::DenyRequest, api::DecideRequest, api::FreezeRequest,
            api::SecretRequest, api::SecretValue, api::HostAllowRequest, api::HostCheckRequest, api::PublishRequest,
            api::InputRequest, api::McpMessage>(all, true);
    add_all<api::Run, api::RunList, api::Why, api::Box, api::BoxList, api::Health, api::ServerStatus, api::Whoami,
            api::Doctor, api::ConfigList, api::Profile, api::ProfileList, api::AuditEntry, api::AuditList, api::Stream,
            api::Verdict, api::PolicyRule, api::PolicyRules, api::PolicyLoaded, api::Problem, api::Login, api::StepUp,
            api::Session, api::SessionList, api::Revoked, api::Token, api::TokenList, api::TokenMade, api::User,
            api::UserList, api::UserMade, api::OneTime, api::Access, api::AccessList, api::KeyRotated, api::Jwk,
            api::Jwks, api::ModeRow, api::ModeTable, api::Approval, api::ApprovalList, api::DecidedList,
            api::ApprovalStats, api::Grant, api::GrantList, api::HostEntry, api::HostList, api::HostVerdict,
            api::Freeze, api::FreezeList, api::Secret, api::SecretList, api::Rekeyed, api::Publish, api::InputTaken>(
        all, false);
    return all.release();
}

struct Query { // a query parameter of one verb
    std::string_view verb, name, type, description;
};
constexpr std::array kQueries = {
    Query{"runs.list", "limit", "integer", "At most this many, 1 to 500."},
    Query{"runs.list", "before", "string", "Runs made before this one: `next` of the page before."},
    Query{"runs.list", "state", "string", "Runs in this state."},
    Query{"runs.list", "all", "integer", "1: everyone's, for who may see them."},
    Query{"runs.output", "stream", "string", "stdout or stderr."},
    Query{"runs.output", "offset", "integer", "First byte wanted."},
    Query{"runs.output", "limit", "integer", "At most this many bytes, 4 MiB at most."},
    Query{"runs.output", "wait", "integer", "1: answer when there are new bytes or the run has ended, 25 s at most."},
    Query{"runs.attach", "replay", "integer", "0: live output only, not what is kept."},
    Query{"sessions.list", "user", "string", "Another account's, for who may see them."},
    Query{"sessions.list", "all", "integer", "1: ended ones too."},
    Query{"sessions.revoke_all", "user", "string", "Another account's, for who may end them."},
    Query{"approvals.list", "limit", "integer", "At most this many, 1 to 1,000."},
    Query{"approvals.list", "before", "string", "Requests made before this one: `next` of the page before."},
    Query{"approvals.list", "state", "string", "Requests in this state."},
    Query{"approvals.list", "all", "integer", "1: everyone's, for who may see them."},
    Query{"approvals.stats", "hours", "integer", "Looks back this far, 1 to 2,160; a week when left out."},
    Query{"approvals.stats", "principal", "string", "One's alone; another's for who may see them."},
    Query{"grants.list", "all", "integer", "1: ended ones too."},
    Query{"grants.list", "limit", "integer", "At most this many, 1 to 500."},
    Query{"grants.list", "before", "string", "Grants made before this one."},
    Query{"events", "types", "string", "Only these, by comma: approval, run, grant, freeze, or one event's name."},
    Query{"events", "last_event_id", "integer", "Goes on after this event, as the header Last-Event-ID does."},
    Query{"freeze.thaw", "principal", "string", "Whom; left out: everybody."},
    Query{"secrets.list", "owner", "string", "Another's (user:alice), or * for everybody's, for who may see them."},
    Query{"secrets.show", "owner", "string", "Another's, for who may see them."},
    Query{"secrets.remove", "owner", "string", "Another's, for who may remove them."},
    Query{"secrets.rekey", "accept", "integer", "1: of a damaged vault, what is whole goes on."},
    Query{"tokens.list", "user", "string", "Another account's, for who may see them."},
    Query{"tokens.list", "all", "integer", "1: ended ones too."},
    Query{"audit.list", "limit", "integer", "At most this many, 1 to 1000."},
    Query{"audit.list", "before", "integer", "Events before this sequence number."},
    Query{"audit.list", "after", "integer", "Events after this sequence number."},
    Query{"audit.list", "since", "string", "RFC 3339, inclusive."},
    Query{"audit.list", "until", "string", "RFC 3339, exclusive."},
    Query{"audit.list", "principal", "string", "Events of this principal."},
    Query{"audit.list", "verb", "string", "Events of this verb."},
    Query{"audit.list", "outcome", "string", "Events with this outcome."},
    Query{"audit.list", "run", "string", "Events of this run."},
    Query{"audit.list", "event", "string", "Events of this kind, such as run.intent."},
    Query{"audit.list", "grep", "string", "Events that contain this text."},
};

json::object parameter(std::string_view name, std::string_view in, std::string_view type) {
    return {{"name", name}, {"in", in}, {"required", in == "path"}, {"schema", {{"type", type}}}};
}

json::array parameters(const Verb& verb) {
    json::array all;
    for (auto at = verb.path.find('{'); at != std::string_view::npos; at = verb.path.find('{', at + 1)) {
        const auto end = verb.path.find('}', at);
        all.push_back(parameter(verb.path.substr(at + 1, end - at - 1), "path", "string"));
    }
    for (const auto& query : kQueries) {
        if (query.verb != verb.name) continue;
        auto one = parameter(query.name, "query", query.type);
        one.emplace("description", query.description);
        all.push_back(std::move(one));
    }
    if ((verb.traits & (kStepUp | kNarrows)) != 0) {
        auto password = parameter("Owhale-Password", "header", "string");
        password.emplace("description",
                         "The account's password, UTF-8 in base64, for this one act; not needed while this "
                         "connection has a window (POST /v1/step-up).");
        all.push_back(std::move(password));
    }
    return all;
}

json::object content(std::string_view type, json::object schema) {
    return {{type, {{"schema", std::move(schema)}}}};
}

json::object answer(std::string_view description, const Verb& verb) {
    json::object body{{"description", description}};
    if (!verb.response.empty()) body.emplace("content", content("application/json", reference(verb.response)));
    return body;
}

json::object raw_output() {
    return {{"description", "The bytes; headers Owhale-Offset, Owhale-Length (true length), Owhale-State, and "
                            "Owhale-Truncated when the middle is not kept."},
            {"content", content("application/octet-stream", {{"type", "string"}, {"format", "binary"}})}};
}

json::object responses(const Verb& verb) {
    json::object all;
    if (verb.name == "runs.attach")
        all.emplace("101", answer("The channel is open.", verb));
    else if (verb.name == "runs.output")
        all.emplace("200", raw_output());
    else if (verb.response.empty() && verb.name != "openapi")
        all.emplace("204", answer("Done.", verb));
    else
        all.emplace("200", answer("Done.", verb));
    if (verb.name == "runs.create" || verb.name == "runs.exec")
        all.emplace("201", answer("Started; Location names the run.", verb));
    all.emplace("default", json::object{{"description", "Refused or failed; `code` says why."},
                                        {"content", content("application/problem+json", reference("Problem"))}});
    return all;
}

json::object scheme(std::string_view name) {
    return {{name, json::array{}}};
}

// With the password in the request, or in a window of this connection, or as root on the Unix socket.
json::array step_up_security() {
    return {json::object{{"bearer", json::array{}}, {"password", json::array{}}}, scheme("bearer"), json::object{}};
}

json::array servers() {
    json::object tcp{{"url", "{scheme}://{address}"},
                     {"description", "over TCP, with a token; the settings tcp and tls say where and how"},
                     {"variables",
                      {{"scheme", {{"default", "http"}, {"enum", {"http", "https"}}}},
                       {"address", {{"default", "127.0.0.1:7717"}}}}}};
    return {json::object{{"url", "http://localhost"}, {"description", "over the Unix socket"}}, std::move(tcp)};
}

json::object security_schemes() {
    return {{"bearer",
             {{"type", "http"},
              {"scheme", "bearer"},
              {"bearerFormat", "JWT"},
              {"description", "Of POST /v1/login, or of POST /v1/tokens for an agent."}}},
            {"password",
             {{"type", "apiKey"},
              {"in", "header"},
              {"name", "Owhale-Password"},
              {"description", "The account's password, UTF-8 in base64, with the one act that it is for."}}}};
}

json::object operation(const Verb& verb) {
    json::object one{{"operationId", verb.name}, {"summary", verb.summary}, {"x-permission", verb.permission}};
    if ((verb.traits & (kStepUp | kNarrows)) != 0) {
        one.emplace("x-step-up", true);
        one.emplace("security", step_up_security());
    }
    if (auto all = parameters(verb); !all.empty()) one.emplace("parameters", std::move(all));
    if (!verb.request.empty())
        one.emplace("requestBody", json::object{{"required", true},
                                                {"content", content("application/json", reference(verb.request))}});
    one.emplace("responses", responses(verb));
    return one;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

} // namespace

json::object openapi(std::string_view version) {
    json::object paths;
    for (const auto& verb : verbs()) {
        auto& path = paths[verb.path];
        if (!path.is_object()) path = json::object{};
        path.get_object().emplace(lower(verb.method), operation(verb));
    }
    return {{"openapi", "3.1.0"},
            {"info",
             {{"title", "owhaled"},
              {"version", version},
              {"summary", "Runs an agent's commands in a cage and keeps a record of what ran."},
              {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
            {"servers", servers()},
            {"paths", std::move(paths)},
            // On the Unix socket one is known without a token.
            {"security", json::array{json::object{}, scheme("bearer")}},
            {"components", {{"schemas", schemas()}, {"securitySchemes", security_schemes()}}}};
}

} // namespace owhale
