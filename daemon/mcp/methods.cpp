// The methods of the protocol but tools/call: which revision has which, and what they answer.
#include <algorithm>
#include <array>

#include "base/uuid.hpp"
#include "mcp/exchange.hpp"
#include "mcp/tool.hpp"

namespace owhale::mcp {
namespace {

constexpr std::string_view kInstructions =
    "Commands and code run in cages of owhaled, on this machine: the workspace around `cwd` is writable, the rest is "
    "read-only or hidden, the network is closed but for what is asked for. Always give `cwd`. A command may be "
    "refused, with "
    "the rule and what would change it, or wait for a person's approval outside of this conversation: then poll "
    "get_output, "
    "and do not try another way to the same end.";
constexpr std::int64_t kFresh = 300'000; // ms for which a client may keep what the tools are
constexpr std::array<std::string_view, 8> kLevels = {"debug", "info",     "notice", "warning",
                                                     "error", "critical", "alert",  "emergency"};

json::object server_info(const House& house) {
    return {{"name", "owhaled"}, {"title", "owhale: commands in a cage"}, {"version", house.version}};
}

json::object capabilities() {
    return {{"tools", {{"listChanged", false}}}, {"logging", json::object{}}};
}

Answer good(const Exchange& exchange, const Message& message, json::object result) {
    return {result_message(message.id, exchange.complete(std::move(result)))};
}

Answer bad(const Message& message, RpcError error) {
    return {error_message(message.id, error), error.status};
}

Answer initialize(const Exchange& exchange, const Message& message) {
    const auto* asked = message.params.if_contains("protocolVersion");
    if (asked == nullptr || !asked->is_string()) return bad(message, {kInvalidParams, "protocolVersion is missing"});
    Answer out = good(exchange, message,
                      {{"protocolVersion", negotiate(asked->get_string()).name},
                       {"capabilities", capabilities()},
                       {"serverInfo", server_info(exchange.house)},
                       {"instructions", kInstructions}});
    // A name for the client's own use: cancelling finds calls by it. Nothing is kept behind it.
    out.headers.emplace_back("Mcp-Session-Id", to_string(make_uuid()));
    return out;
}

Answer discover(const Exchange& exchange, const Message& message) {
    return good(exchange, message,
                {{"supportedVersions", supported_revisions()},
                 {"capabilities", capabilities()},
                 {"instructions", kInstructions},
                 {"ttlMs", kFresh},
                 {"cacheScope", "public"}});
}

Answer list_tools(const Exchange& exchange, const Message& message) {
    if (message.params.contains("cursor"))
        return bad(message, {kInvalidParams, "there is one page of tools: no cursor"});
    static const json::array all = [] {
        json::array out;
        for (const auto& tool : tools()) out.push_back(described(tool));
        return out;
    }();
    json::object result{{"tools", all}};
    if (exchange.revision->stateless) {
        result.emplace("ttlMs", kFresh);
        result.emplace("cacheScope", "public");
    }
    return good(exchange, message, std::move(result));
}

Answer set_level(const Exchange& exchange, const Message& message) {
    const auto* level = message.params.if_contains("level");
    const auto found = level != nullptr && level->is_string()
                           ? std::ranges::find(kLevels, std::string_view(level->get_string()))
                           : kLevels.end();
    if (found == kLevels.end()) return bad(message, {kInvalidParams, "level is none of RFC 5424's, such as notice"});
    const bool quiet = found > std::ranges::find(kLevels, "notice");
    const auto session = exchange.session();
    if (!session.empty()) exchange.house.calls->set_quiet(exchange.request->who().name, session, quiet);
    return good(exchange, message, {});
}

Answer ping(const Exchange& exchange, const Message& message) {
    return good(exchange, message, {});
}

struct Method {
    std::string_view name;
    bool with_handshake, stateless; // revisions that have it
    Answer (*answer)(const Exchange&, const Message&);
};
constexpr std::array kMethods = {
    Method{"initialize", true, false, initialize},    Method{"ping", true, false, ping},
    Method{"tools/list", true, true, list_tools},     Method{"logging/setLevel", true, false, set_level},
    Method{"server/discover", false, true, discover},
};

} // namespace

Answer Exchange::answer(const Message& message) const {
    constexpr unsigned kNotFound = 404;
    const auto found = std::ranges::find(kMethods, message.method, &Method::name);
    const bool stateless = revision->stateless;
    if (found != kMethods.end() && (stateless ? found->stateless : found->with_handshake))
        return found->answer(*this, message);
    return bad(message, {kMethodNotFound, "Method not found", nullptr, stateless ? kNotFound : 200});
}

void Exchange::take(const Message& message) const {
    if (message.kind != Message::Kind::notification || message.method != "notifications/cancelled") return;
    const auto* id = message.params.if_contains("requestId");
    if (id != nullptr && is_token(*id)) house.calls->cancel(request->who().name, session(), *id);
}

std::string Exchange::session() const {
    const auto found = request->headers.find("mcp-session-id");
    return found == request->headers.end() ? std::string() : found->second.substr(0, 128);
}

json::object Exchange::complete(json::object result) const {
    if (!revision->stateless) return result;
    result.emplace("resultType", "complete");
    result.emplace("_meta", json::object{{"io.modelcontextprotocol/serverInfo", server_info(house)}});
    return result;
}

bool Exchange::accepts_stream() const {
    const auto accept = request->headers.find("accept");
    return accept != request->headers.end() && accept->second.find("text/event-stream") != std::string::npos;
}

} // namespace owhale::mcp
