// The Model Context Protocol: messages and the revision that they are of, and texts of strangers on their way to a model.
#include <boost/json/parse.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/utf8.hpp"
#include "cli/mcp_lines.hpp"
#include "cli/mcp_message.hpp"
#include "mcp/for_model.hpp"
#include "mcp/revision.hpp"
#include "mcp/rpc.hpp"

using namespace owhale;
using namespace owhale::mcp;

namespace {

void must(bool holds) {
    if (!holds) abort();
}

void read(std::string_view text) {
    boost::system::error_code bad;
    auto value = boost::json::parse(text, bad);
    if (bad) return;
    const auto message = read_message(std::move(value));
    if (!message) return must(!message.error().error.message.empty());
    must(message->method.size() <= 128 && (message->id.is_null() || is_token(message->id)));
    for (const auto* version : {"2025-06-18", "2026-07-28", "nonsense"}) {
        const Headers headers = {{"mcp-protocol-version", version}, {"mcp-method", message->method}};
        (void)revision_of(headers, *message);
    }
    (void)revision_of_batch({{"mcp-protocol-version", message->method}});
}

// Nothing that moves a terminal's cursor or hides is left, and it is UTF-8.
void show(std::string_view text) {
    const auto shown = for_model(text);
    must(first_not_utf8(shown) == shown.size());
    for (const char c : shown) must(static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\t');
    must(shown.find("\xe2\x80\xae") == shown.npos && for_model(shown) == shown);
    must(without_cut_end(text).size() <= text.size() && without_cut_start(text).size() <= text.size());
    (void)in_tool_words(std::string(text));
}

// The bridge's half, owhalectl mcp: lines in, however they come, and owhaled's answers.
void bridge(std::string_view text) {
    std::string whole, parts;
    const auto into = [](std::string& out) {
        return cli::McpLines::Acts{[&out](std::string line) { out += line + '\n'; }, [&out] { out += "!\n"; }};
    };
    cli::McpLines first(64, into(whole)), second(64, into(parts));
    first.take(text);
    first.end();
    for (const char c : text) second.take({&c, 1});
    second.end();
    must(whole == parts);
    if (const auto message = cli::read_mcp(std::string(text))) (void)cli::mcp_headers(*message, {"2025-06-18", "1"});
    if (const auto answer = cli::read_mcp_answer(text, "1")) must(answer->line.ends_with('\n'));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 3) {
    case 0:
        read(text);
        break;
    case 1:
        show(text);
        break;
    default:
        bridge(text);
    }
    return 0;
}
