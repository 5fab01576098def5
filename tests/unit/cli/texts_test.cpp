// Settings of agents that are no JSON, or no TOML, in ways that their readers do not expect.
#include "checks.hpp"
#include "cli/json_text.hpp"
#include "cli/toml_block.hpp"

using namespace owhale;
using namespace owhale::cli;
using namespace std::string_literals;

TEST_CASE("what begins as a comment and is none has a line, and no place beyond the text") {
    for (const auto* text : {"/{ / b\n", "/", "{\n/x", "{} /"}) {
        CAPTURE(text);
        const auto read = read_json_text(text);
        REQUIRE_FALSE(read.has_value());
        CHECK_EQ(read.error().code, Code::malformed_json);
        CHECK_NE(read.error().message.find("line "), std::string::npos);
        CHECK_FALSE(with_member(text, {"mcpServers"}, "owhaled", "1").has_value());
    }
}

TEST_CASE("TOML in which its reader finds no way on is an error like any other") {
    const auto text = "model = \"x\"\n[\x04\0export A=1a\"]\n"s;
    const auto with = with_table(text, "mcp_servers", "owhaled", "command = \"x\"\n");
    REQUIRE_FALSE(with.has_value());
    CHECK_EQ(with.error().code, Code::malformed_json);
}
