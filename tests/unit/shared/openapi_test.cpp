#include <boost/json/serialize.hpp>
#include <set>

#include "shared/api.hpp"
#include "shared/api_identity.hpp"
#include "shared/codec.hpp"
#include "shared/error.hpp"
#include "shared/openapi.hpp"
#include "shared/verbs.hpp"

#include "checks.hpp"

namespace {

namespace json = boost::json;

// Every "$ref" anywhere in the document.
void collect_references(const json::value& value, std::set<std::string>& found) {
    if (const auto* object = value.if_object()) {
        for (const auto& member : *object) {
            if (member.key() == "$ref") found.emplace(member.value().as_string());
            collect_references(member.value(), found);
        }
    }
    if (const auto* array = value.if_array())
        for (const auto& element : *array) collect_references(element, found);
}

} // namespace

TEST_CASE("every verb is an operation under its path and method") {
    const auto document = owhale::openapi("1.2.3");
    CHECK_EQ(document.at("openapi").as_string(), "3.1.0");
    CHECK_EQ(document.at("info").at("version").as_string(), "1.2.3");
    const auto& paths = document.at("paths").as_object();
    for (const auto& verb : owhale::verbs()) {
        std::string method(verb.method);
        for (char& c : method) c = static_cast<char>(c | 0x20);
        const auto& operation = paths.at(verb.path).at(method).as_object();
        CHECK_EQ(operation.at("operationId").as_string(), verb.name);
        CHECK_EQ(operation.contains("requestBody"), !verb.request.empty());
        CHECK(operation.at("responses").as_object().contains("default"));
    }
}

TEST_CASE("how to prove who one is: a token, and the password where an act asks for it") {
    const auto document = owhale::openapi("0");
    const auto& schemes = document.at("components").at("securitySchemes").as_object();
    CHECK_EQ(schemes.at("bearer").at("bearerFormat").as_string(), "JWT");
    CHECK_EQ(schemes.at("password").at("name").as_string(), "Owhale-Password");
    CHECK_EQ(document.at("servers").as_array().size(), 2u);
    const auto& paths = document.at("paths");
    const auto& adds = paths.at("/v1/users").at("post").as_object();
    CHECK(adds.at("security").at(0).as_object().contains("password"));
    CHECK_FALSE(paths.at("/v1/users").at("get").as_object().contains("security"));
}

TEST_CASE("every reference leads somewhere") {
    const json::value document = owhale::openapi("0");
    const auto& components = document.at("components").as_object();
    std::set<std::string> references;
    collect_references(document, references);
    CHECK(references.size() > 10);
    for (const auto& reference : references) {
        INFO(reference);
        const auto name = reference.rfind('/'), kind = reference.rfind('/', name - 1);
        const auto* group = components.if_contains(reference.substr(kind + 1, name - kind - 1));
        CHECK(group != nullptr);
        if (group != nullptr) CHECK(group->as_object().contains(reference.substr(name + 1)));
    }
}

TEST_CASE("a request's schema refuses what the codec refuses") {
    const auto document = owhale::openapi("0");
    const auto& schemas = document.at("components").at("schemas");
    const auto& request = schemas.at("RunRequest").as_object();
    CHECK_EQ(request.at("additionalProperties").as_bool(), false);
    CHECK(request.at("properties").as_object().contains("stdin"));
    CHECK_FALSE(request.contains("required"));
    CHECK_EQ(schemas.at("SignalRequest").at("required").as_array().at(0).as_string(), "signal");
    CHECK_EQ(schemas.at("Limits").at("properties").at("memory").at("minimum").as_int64(), 0);
}

TEST_CASE("what a client decides by is listed: the codes of the error table, all of them") {
    const auto document = owhale::openapi("0");
    const auto& code = document.at("components").at("schemas").at("Problem").at("properties").at("code");
    const auto& codes = code.at("enum").as_array();
    CHECK_EQ(codes.size(), static_cast<std::size_t>(owhale::Code::internal) + 1);
    for (const auto& name : codes)
        CHECK((name == "internal" || owhale::code_of(name.as_string()) != owhale::Code::internal));
}

TEST_CASE("each operation has a tag that is described, and answers that are known") {
    const auto document = owhale::openapi("0");
    std::set<std::string> tags;
    for (const auto& tag : document.at("tags").as_array()) tags.emplace(tag.at("name").as_string());
    for (const auto& path : document.at("paths").as_object())
        for (const auto& method : path.value().as_object()) {
            INFO(method.value().at("operationId").as_string());
            CHECK(tags.contains(std::string(method.value().at("tags").at(0).as_string())));
            CHECK(method.value().at("responses").as_object().contains("429"));
        }
    const auto& create = document.at("paths").at("/v1/runs").at("post").at("responses").as_object();
    CHECK((create.contains("200") && create.contains("201") && create.contains("202") && create.contains("403")));
}

TEST_CASE("the examples are bodies that the codec takes") {
    const auto document = owhale::openapi("0");
    const auto body = [&](const char* path) {
        const auto& operation = document.at("paths").at(path).at("post");
        return json::serialize(operation.at("requestBody").at("content").at("application/json").at("example"));
    };
    CHECK(owhale::codec::decode<owhale::api::RunRequest>(std::string_view(body("/v1/runs"))));
    CHECK(owhale::codec::decode<owhale::api::CheckRequest>(std::string_view(body("/v1/policy/check"))));
    CHECK(owhale::codec::decode<owhale::api::LoginRequest>(std::string_view(body("/v1/login"))));
}

TEST_CASE("MCP answers as JSON, as events, or with nothing") {
    const auto document = owhale::openapi("0");
    const auto& answers = document.at("paths").at("/mcp").at("post").at("responses").as_object();
    CHECK(answers.at("200").at("content").as_object().contains("text/event-stream"));
    CHECK_FALSE(answers.at("202").as_object().contains("content"));
}
