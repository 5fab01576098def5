#include "mcp/rpc.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <doctest/doctest.h>

using namespace owhale::mcp;

namespace {

std::expected<Message, Rejected> read(std::string_view text) {
    return read_message(json::parse(text));
}

} // namespace

TEST_CASE("what a message is") {
    CHECK(read(R"({"jsonrpc":"2.0","id":1,"method":"ping"})")->kind == Message::Kind::request);
    CHECK(read(R"({"jsonrpc":"2.0","method":"notifications/x","params":{}})")->kind == Message::Kind::notification);
    CHECK(read(R"({"jsonrpc":"2.0","id":"a","result":{}})")->kind == Message::Kind::response);
    CHECK(read(R"({"jsonrpc":"2.0","id":"a","error":{}})")->kind == Message::Kind::response);
    CHECK(read(R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"a":1}}})")->meta().contains("a"));
    CHECK(read(R"({"jsonrpc":"2.0","id":1,"method":"x"})")->meta().empty());
}

TEST_CASE("an id that can be read comes back with the refusal") {
    CHECK_EQ(read(R"({"jsonrpc":"2.0","id":"a","method":1})").error().id, json::value("a"));
    CHECK(read(R"({"jsonrpc":"2.0","id":null,"method":"x"})").error().id.is_null());
    CHECK(read(R"({"jsonrpc":"2.0","id":1.0,"method":"x"})").error().id.is_null());
    CHECK(read("[]").error().id.is_null());
}

TEST_CASE("answers") {
    CHECK_EQ(json::serialize(result_message(7, {})), R"({"jsonrpc":"2.0","id":7,"result":{}})");
    CHECK_EQ(json::serialize(error_message(nullptr, {kParseError, "no"})),
             R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"no"}})");
    CHECK_EQ(json::serialize(error_message("x", {kInvalidRequest, "no", json::object{{"a", 1}}})),
             R"({"jsonrpc":"2.0","error":{"code":-32600,"message":"no","data":{"a":1}},"id":"x"})");
}
