#include "shared/openapi.hpp"

#include <boost/core/demangle.hpp>
#include <cctype>
#include <typeinfo>

#include "shared/api.hpp"
#include "shared/api_approvals.hpp"
#include "shared/api_audit.hpp"
#include "shared/api_identity.hpp"
#include "shared/api_input.hpp"
#include "shared/api_mcp.hpp"
#include "shared/api_pairing.hpp"
#include "shared/api_profiles.hpp"
#include "shared/api_secrets.hpp"
#include "shared/api_workspaces.hpp"
#include "shared/codec.hpp"
#include "shared/openapi_facts.hpp"
#include "shared/openapi_operations.hpp"
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
            auto field = of<Field>(request);
            openapi_facts::enrich(field, name, key);
            properties.emplace(key, std::move(field));
            if (!IsOptional<Field>::value) required.emplace_back(key);
        });
        json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
        if (!required.empty()) schema.emplace("required", std::move(required));
        if (request) schema.emplace("additionalProperties", false);
        openapi_facts::enrich_message(schema, name);
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
            api::WorkspaceRequest, api::ProfileCheckRequest, api::InputRequest, api::PairRequest, api::JoinRequest,
            api::JoinProof, api::ConfirmRequest, api::DeviceChange, api::McpMessage>(all, true);
    add_all<api::Run, api::RunList, api::Why, api::Box, api::BoxList, api::Health, api::ServerStatus, api::Whoami,
            api::Doctor, api::ConfigList, api::Profile, api::ProfileList, api::AuditEntry, api::AuditList,
            api::AuditStats, api::AuditCheckpoint, api::AuditInclusion, api::AuditConsistency, api::Verdict,
            api::PolicyRule, api::PolicyRules, api::PolicyLoaded, api::Problem, api::Login, api::StepUp, api::Session,
            api::SessionList, api::Revoked, api::Token, api::TokenList, api::TokenMade, api::User, api::UserList,
            api::UserMade, api::OneTime, api::Access, api::AccessList, api::KeyRotated, api::Jwk, api::Jwks,
            api::ModeRow, api::ModeTable, api::Approval, api::ApprovalList, api::DecidedList, api::ApprovalStats,
            api::Grant, api::GrantList, api::HostEntry, api::HostList, api::HostVerdict, api::Freeze, api::FreezeList,
            api::Secret, api::SecretList, api::Rekeyed, api::Publish, api::InputTaken, api::AttachTicket,
            api::Workspace, api::WorkspaceList, api::PairMade, api::Pairing, api::PairingList, api::JoinAnswer,
            api::JoinState, api::Device, api::DeviceList, api::Authority>(all, false);
    return all.release();
}

json::object scheme(std::string_view name) {
    return {{name, json::array{}}};
}

// With the password in the request, or in a window of this connection, or as root on the Unix socket. A device's signature is
// told of and in no list: generated clients would put the token into its header, too, and two proofs are refused.
json::array step_up_security() {
    return {json::object{{"bearer", json::array{}}, {"password", json::array{}}}, scheme("bearer"), json::object{}};
}

json::array servers() {
    // No template: JSON Schema's uri-reference, which OpenAPI 3.1's schema asks for, knows no braces.
    json::object tcp{
        {"url", "http://127.0.0.1:7717"},
        {"description", "over TCP, with a token; the settings tcp and tls say where, and whether by https"}};
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
              {"description", "The account's password, UTF-8 in base64, with the one act that it is for."}}},
            {"signature",
             {{"type", "apiKey"},
              {"in", "header"},
              {"name", "Signature"},
              {"description",
               "A paired device's, by RFC 9421 with Ed25519, over \"@method\" \"@path\" \"@query\" \"content-digest\" "
               "in this order, with created, nonce, keyid (the device's id) and alg; Signature-Input and "
               "Content-Digest (sha-256) go with it. It is the proof of the act, too."}}}};
}

json::object operation(const Verb& verb) {
    json::object one{{"operationId", verb.name},
                     {"tags", json::array{openapi_operations::tag_of(verb)}},
                     {"summary", verb.summary},
                     {"x-permission", verb.permission}};
    if ((verb.traits & (kStepUp | kNarrows)) != 0) {
        one.emplace("x-step-up", true);
        one.emplace("security", step_up_security());
    }
    if (auto all = openapi_operations::parameters(verb); !all.empty()) one.emplace("parameters", std::move(all));
    if (!verb.request.empty()) {
        json::object body{{"schema", reference(verb.request)}};
        if (auto example = openapi_facts::example(verb.name); !example.empty())
            body.emplace("example", std::move(example));
        one.emplace("requestBody", json::object{{"required", openapi_operations::body_required(verb)},
                                                {"content", {{"application/json", std::move(body)}}}});
    }
    one.emplace("responses", openapi_operations::responses(verb));
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
            {"tags", openapi_operations::tags()},
            {"paths", std::move(paths)},
            // On the Unix socket one is known without a token.
            {"security", json::array{json::object{}, scheme("bearer")}},
            {"components",
             {{"schemas", schemas()},
              {"responses", openapi_operations::shared_responses()},
              {"headers", openapi_operations::shared_headers()},
              {"securitySchemes", security_schemes()}}}};
}

} // namespace owhale
