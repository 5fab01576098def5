#include <string>
#include <vector>

#include "checks.hpp"
#include "cli/mcp_lines.hpp"
#include "cli/mcp_message.hpp"
#include "cli/mcp_surroundings.hpp"

using namespace owhale;
using namespace owhale::cli;

namespace {

struct Lines {
    std::vector<std::string> got;
    McpLines lines{8,
                   {.line = [this](std::string line) { got.push_back(std::move(line)); },
                    .too_long = [this] { got.emplace_back("too long"); }}};

    std::vector<std::string> of(std::initializer_list<std::string_view> parts) {
        for (const auto part : parts) lines.take(part);
        lines.end();
        return got;
    }
};

using Texts = std::vector<std::string>;

std::string header(const McpHeaders& headers, std::string_view name) {
    for (const auto& [key, value] : headers)
        if (key == name) return value;
    return {};
}

McpMessage message(const char* text) {
    auto read = read_mcp(text);
    REQUIRE_MESSAGE(read, text);
    return *read;
}

} // namespace

TEST_CASE("MCP lines come whole, however the bytes come") {
    CHECK(Lines().of({"ab\ncd\n"}) == Texts{"ab", "cd"});
    CHECK(Lines().of({"a", "b", "\n", "c"}) == Texts{"ab", "c"});
    CHECK(Lines().of({"\n\r\n \t\n", ""}) == Texts{});
    CHECK(Lines().of({"12345678\n"}) == Texts{"12345678"});
}

TEST_CASE("an MCP line that is too long is told once, and the next is read") {
    CHECK(Lines().of({"123456789\nab\n"}) == Texts{"too long", "ab"});
    CHECK(Lines().of({"12345678", "9", std::string(100, 'x'), "y\nab"}) == Texts{"too long", "ab"});
    CHECK(Lines().of({"1234567890"}) == Texts{"too long"});
}

TEST_CASE("what a message is, and whom it is answered to") {
    const auto call =
        message(R"({"jsonrpc":"2.0","id":"a\u0041","method":"tools/call","params":{"name":"run_command"}})");
    CHECK(call.id == R"("aA")");
    CHECK(call.name == "run_command");
    CHECK_FALSE(call.stateless());
    CHECK(message(R"({"id":7,"method":"initialize"})").starts_session());
    CHECK_FALSE(message(R"({"method":"initialize"})").is_request());
    CHECK_FALSE(message(R"({"id":7,"result":{}})").is_request());
    CHECK(message(R"({"method":"notifications/cancelled","params":{"requestId":7}})").cancels == "7");
    CHECK(message(R"([{"id":1,"method":"a"},{"method":"b"},5,{"id":"x","method":"c"}])").ids == Texts{"1", R"("x")"});
    for (const char* bad : {"{", "\"\xc3(\"", ""}) CHECK(read_mcp(bad).error().contains("-32700"));
    CHECK(read_mcp(std::string(65, '[') + std::string(65, ']')).error().contains("-32600"));
}

TEST_CASE("each revision has its headers") {
    const McpSession session{"2025-11-25", "s1"};
    const auto first = mcp_headers(message(R"({"id":1,"method":"initialize"})"), session);
    CHECK(header(first, "MCP-Protocol-Version").empty());
    CHECK(header(first, "Mcp-Session-Id").empty());
    const auto later = mcp_headers(message(R"({"id":1,"method":"tools/call","params":{"name":"x"}})"), session);
    CHECK(header(later, "MCP-Protocol-Version") == "2025-11-25");
    CHECK(header(later, "Mcp-Session-Id") == "s1");
    CHECK(header(later, "Mcp-Name").empty());
    const auto stateless = mcp_headers(
        message(
            R"({"id":1,"method":"tools/call","params":{"name":"\u00e9\n","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})"),
        session);
    CHECK(header(stateless, "MCP-Protocol-Version") == "2026-07-28");
    CHECK(header(stateless, "Mcp-Session-Id").empty());
    CHECK(header(stateless, "Mcp-Method") == "tools/call");
    CHECK(header(stateless, "Mcp-Name") == "=?base64?w6kK?=");
}

TEST_CASE("an answer is one line, an error finds its request") {
    CHECK(read_mcp_answer("{\n\"jsonrpc\":\"2.0\",\"id\":1,\r\n\"result\":{}}", "1")->line ==
          "{ \"jsonrpc\":\"2.0\",\"id\":1,  \"result\":{}}\n");
    CHECK(read_mcp_answer(R"({"jsonrpc":"2.0","id":null,"error":{"code":1}})", "7")->line ==
          "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":1}}\n");
    CHECK_FALSE(read_mcp_answer(R"({"jsonrpc":"2.0","method":"notifications/progress"})", "7")->last);
    CHECK_FALSE(read_mcp_answer("<html>", "7"));
    CHECK_FALSE(read_mcp_answer(R"({"title":"no"})", "7"));
}

TEST_CASE("of several messages each request is told what went wrong") {
    const Error away{Code::unreachable, "away", "start it", 0, {}};
    const auto line = mcp_error(message(R"([{"id":1,"method":"a"},{"id":"x","method":"b"}])"), away);
    CHECK(line.starts_with(R"([{"jsonrpc":"2.0","id":1,"error":)"));
    CHECK(line.contains(R"({"jsonrpc":"2.0","id":"x","error":)"));
    CHECK(line.ends_with("]\n"));
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(mcp_error(message(R"({"id":1,"method":"a"})"), away) == mcp_error("1", away));
}

TEST_CASE("an agent's surroundings, percent-encoded") {
    const Lookup lookup = [](const std::string& name) -> std::optional<std::string> {
        if (name == "PATH") return "/a b:/\u00e9%";
        if (name == "HOME") return "/bad\xff";
        return std::nullopt;
    };
    const auto headers = surroundings("/x\r\ny", lookup);
    CHECK(header(headers, "Owhale-Cwd") == "%2Fx%0D%0Ay");
    CHECK(header(headers, "Owhale-Path") == "%2Fa%20b%3A%2F%C3%A9%25");
    CHECK(headers.size() == 2);
    CHECK(surroundings("", [](const auto&) { return std::nullopt; }).empty());
    CHECK(surroundings(std::string(3100, 'x'), [](const auto&) { return std::nullopt; }).empty());
}
