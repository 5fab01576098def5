#include "mcp/revision.hpp"

#include <doctest/doctest.h>

using namespace owhale::mcp;

namespace {

const std::string kMeta = "io.modelcontextprotocol/";

Message request(std::string method, json::object meta = {}) {
    Message message{Message::Kind::request, 1, std::move(method), {}};
    if (!meta.empty()) message.params.emplace("_meta", std::move(meta));
    return message;
}

json::object stateless(std::string version = "2026-07-28") {
    return {{kMeta + "protocolVersion", version}, {kMeta + "clientCapabilities", json::object{}}};
}

} // namespace

TEST_CASE("a request without any sign is of 2025-03-26, which has batches") {
    CHECK_EQ(revision_of({}, request("ping")).value()->name, "2025-03-26");
    CHECK(revision_of_batch({}).value()->batches);
    CHECK_EQ(revision_of_batch({{"mcp-protocol-version", "2025-11-25"}}).error().code, kInvalidRequest);
    CHECK_EQ(revision_of_batch({{"mcp-protocol-version", "x"}}).error().code, kUnsupportedVersion);
}

TEST_CASE("the header names the revision of who shook hands") {
    for (const auto* name : {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"})
        CHECK_EQ(revision_of({{"mcp-protocol-version", name}}, request("ping")).value()->name, name);
    CHECK_EQ(revision_of({{"mcp-protocol-version", "2030-01-01"}}, request("ping")).error().code, kUnsupportedVersion);
    CHECK_EQ(negotiate("2025-06-18").name, "2025-06-18");
    CHECK_EQ(negotiate("2026-07-28").name, "2025-11-25");
    CHECK_EQ(negotiate("").name, "2025-11-25");
}

TEST_CASE("without a handshake the headers mirror the body") {
    Headers headers{{"mcp-protocol-version", "2026-07-28"}, {"mcp-method", "tools/list"}};
    CHECK(revision_of(headers, request("tools/list", stateless())).value()->stateless);
    CHECK_EQ(revision_of({}, request("tools/list", stateless())).error().code, kHeaderMismatch);
    CHECK_EQ(revision_of(headers, request("ping", stateless())).error().code, kHeaderMismatch);
    CHECK_EQ(revision_of(headers, request("tools/list")).error().code, kInvalidParams);
    CHECK_EQ(revision_of(headers, request("tools/list", stateless("2025-11-25"))).error().code, kHeaderMismatch);
    headers["mcp-protocol-version"] = "2027-01-01";
    const auto unknown = revision_of(headers, request("tools/list", stateless("2027-01-01")));
    CHECK_EQ(unknown.error().code, kUnsupportedVersion);
    CHECK_EQ(unknown.error().status, 400);
}

TEST_CASE("a tool's name in a header may be encoded") {
    Headers headers{{"mcp-protocol-version", "2026-07-28"}, {"mcp-method", "tools/call"}};
    auto message = request("tools/call", stateless());
    CHECK_EQ(revision_of(headers, message).error().code, kHeaderMismatch);
    message.params["name"] = "ä";
    headers["mcp-name"] = "=?base64?w6Q=?=";
    CHECK(revision_of(headers, message));
    for (const auto* wrong : {"=?base64?w6Q?=", "=?base64?=", "=?BASE64?w6Q=?=", "a", ""}) {
        headers["mcp-name"] = wrong;
        CHECK_EQ(revision_of(headers, message).error().code, kHeaderMismatch);
    }
}
