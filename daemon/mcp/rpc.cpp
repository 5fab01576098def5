#include "mcp/rpc.hpp"

#include <algorithm>
#include <array>

namespace owhale::mcp {
namespace {

constexpr std::size_t kLongestToken = 256, kLongestMethod = 128;
constexpr std::array<std::string_view, 6> kMembers = {"jsonrpc", "id", "method", "params", "result", "error"};

std::unexpected<Rejected> reject(const json::value& id, std::string message, int code = kInvalidRequest) {
    constexpr unsigned kBadRequest = 400;
    return std::unexpected(Rejected{id, {code, std::move(message), nullptr, kBadRequest}});
}

bool is_version_two(const json::object& message) {
    const auto* version = message.if_contains("jsonrpc");
    return version != nullptr && version->is_string() && version->get_string() == "2.0";
}

const json::value* unknown_member(const json::object& message) {
    for (const auto& member : message)
        if (std::ranges::find(kMembers, std::string_view(member.key())) == kMembers.end()) return &member.value();
    return nullptr;
}

std::expected<Message, Rejected> read_response(const json::object& message, const json::value& id) {
    const bool both = message.contains("result") && message.contains("error");
    if (both || message.contains("params")) return reject(id, "neither a request nor a response");
    return Message{Message::Kind::response, id, {}, {}};
}

} // namespace

const json::object& Message::meta() const {
    static const json::object none;
    const auto* found = params.if_contains("_meta");
    return found != nullptr && found->is_object() ? found->get_object() : none;
}

bool is_token(const json::value& value) {
    if (value.is_string()) return value.get_string().size() <= kLongestToken;
    return value.is_int64() || value.is_uint64();
}

std::expected<Message, Rejected> read_message(json::value&& value) {
    if (!value.is_object()) return reject(nullptr, "a message is a JSON object");
    auto& message = value.get_object();
    const auto* id_found = message.if_contains("id");
    const json::value id = id_found != nullptr && is_token(*id_found) ? *id_found : json::value(nullptr);
    if (!is_version_two(message)) return reject(id, "jsonrpc must be \"2.0\"");
    if (unknown_member(message) != nullptr)
        return reject(id, "a message has jsonrpc, id, method, params, result, error alone");
    if (id_found != nullptr && id.is_null())
        return reject(id, "id must be a string of at most 256 bytes or a whole number");
    if (message.contains("result") || message.contains("error")) {
        if (message.contains("method")) return reject(id, "a message with a method has neither result nor error");
        return read_response(message, id);
    }
    const auto* method = message.if_contains("method");
    if (method == nullptr || !method->is_string()) return reject(id, "method is missing, or no string");
    if (method->get_string().empty() || method->get_string().size() > kLongestMethod)
        return reject(id, "method must have 1 to 128 bytes");
    Message out{id_found != nullptr ? Message::Kind::request : Message::Kind::notification, id, {}, {}};
    out.method.assign(method->get_string().data(), method->get_string().size());
    if (auto* params = message.if_contains("params")) {
        if (!params->is_object()) return reject(id, "params must be an object", kInvalidParams);
        out.params = std::move(params->get_object());
        if (const auto* meta = out.params.if_contains("_meta"); meta != nullptr && !meta->is_object())
            return reject(id, "params._meta must be an object", kInvalidParams);
    }
    return out;
}

json::object result_message(const json::value& id, json::object result) {
    return {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}};
}

json::object error_message(const json::value& id, const RpcError& error) {
    json::object body{{"code", error.code}, {"message", error.message}};
    if (!error.data.is_null()) body.emplace("data", error.data);
    json::object out{{"jsonrpc", "2.0"}, {"error", std::move(body)}};
    if (!id.is_null()) out.emplace("id", id);
    return out;
}

json::object notification_message(std::string_view method, json::object params) {
    return {{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}};
}

} // namespace owhale::mcp
