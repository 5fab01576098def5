#include "mcp/revision.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <sodium/utils.h>

namespace owhale::mcp {
namespace {

constexpr std::array kRevisions = {
    Revision{"2026-07-28", true, false}, Revision{"2025-11-25", false, false}, Revision{"2025-06-18", false, false},
    Revision{"2025-03-26", false, true}, // what a request without the header is taken for
    Revision{"2024-11-05", false, true},
};
constexpr const Revision& kNewestWithHandshake = kRevisions[1];
constexpr const Revision& kUnnamed = kRevisions[3];
constexpr unsigned kBadRequest = 400;
constexpr std::string_view kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr std::string_view kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";

const Revision* find(std::string_view name) {
    const auto found = std::ranges::find(kRevisions, name, &Revision::name);
    return found == kRevisions.end() ? nullptr : &*found;
}

std::optional<std::string_view> header(const Headers& headers, std::string_view name) {
    const auto found = headers.find(name);
    if (found == headers.end()) return std::nullopt;
    return found->second;
}

std::unexpected<RpcError> mismatch(std::string what) {
    return std::unexpected(RpcError{kHeaderMismatch, "Header mismatch: " + std::move(what), nullptr, kBadRequest});
}

std::unexpected<RpcError> missing(std::string_view key) {
    return std::unexpected(RpcError{
        kInvalidParams, "params._meta lacks " + std::string(key) + ", or it has the wrong type", nullptr, kBadRequest});
}

std::unexpected<RpcError> unsupported(std::string_view asked) {
    json::object data{{"supported", supported_revisions()}, {"requested", asked.substr(0, 64)}};
    return std::unexpected(RpcError{kUnsupportedVersion, "Unsupported protocol version", std::move(data), kBadRequest});
}

// `=?base64?…?=` stands for text that a header cannot hold. Empty: malformed.
std::optional<std::string> decoded(std::string_view value) {
    constexpr std::string_view begin = "=?base64?", end = "?=";
    if (!value.starts_with(begin) || !value.ends_with(end) || value.size() < begin.size() + end.size())
        return std::string(value);
    value = value.substr(begin.size(), value.size() - begin.size() - end.size());
    std::string out(value.size(), '\0');
    std::size_t size = 0;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), value.data(), value.size(), nullptr,
                          &size, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0)
        return std::nullopt;
    out.resize(size);
    return out;
}

std::expected<void, RpcError> check_name(const Headers& headers, const Message& message) {
    if (message.method != "tools/call") return {};
    const auto given = header(headers, "mcp-name");
    if (!given) return mismatch("Mcp-Name is missing");
    const auto name = decoded(*given);
    const auto* inside = message.params.if_contains("name");
    if (name && inside != nullptr && inside->is_string() && std::string_view(inside->get_string()) == *name) return {};
    return mismatch("Mcp-Name does not say what params.name says");
}

std::expected<const Revision*, RpcError> read_stateless(const Headers& headers, const Message& message,
                                                        std::string_view asked) {
    const auto version = header(headers, "mcp-protocol-version");
    if (!version) return mismatch("MCP-Protocol-Version is missing");
    if (*version != asked) return mismatch("MCP-Protocol-Version does not say what params._meta says");
    const auto* revision = find(asked);
    if (revision == nullptr || !revision->stateless) return unsupported(asked);
    const auto method = header(headers, "mcp-method");
    if (!method) return mismatch("Mcp-Method is missing");
    if (*method != message.method) return mismatch("Mcp-Method does not say what the body says");
    if (const auto named = check_name(headers, message); !named) return std::unexpected(named.error());
    const auto* capabilities = message.meta().if_contains(kCapabilitiesKey);
    if (capabilities == nullptr || !capabilities->is_object()) return missing(kCapabilitiesKey);
    return revision;
}

} // namespace

json::array supported_revisions() {
    json::array names;
    for (const auto& revision : kRevisions) names.emplace_back(revision.name);
    return names;
}

const Revision& negotiate(std::string_view asked) {
    const auto* revision = find(asked);
    return revision != nullptr && !revision->stateless ? *revision : kNewestWithHandshake;
}

std::expected<const Revision*, RpcError> revision_of_batch(const Headers& headers) {
    const auto version = header(headers, "mcp-protocol-version");
    const auto* revision = version ? find(*version) : &kUnnamed;
    if (revision == nullptr) return unsupported(*version);
    if (revision->batches) return revision;
    return std::unexpected(
        RpcError{kInvalidRequest, "this revision has no batches: one message a POST", nullptr, kBadRequest});
}

std::expected<const Revision*, RpcError> revision_of(const Headers& headers, const Message& message) {
    const auto version = header(headers, "mcp-protocol-version");
    if (message.kind == Message::Kind::request) {
        if (const auto* asked = message.meta().if_contains(kVersionKey)) {
            if (!asked->is_string()) return missing(kVersionKey);
            return read_stateless(headers, message, asked->get_string());
        }
        if (message.method == "initialize") return &kNewestWithHandshake; // its params say which
    }
    const auto* revision = version ? find(*version) : &kUnnamed;
    if (revision == nullptr) return unsupported(*version);
    if (revision->stateless && message.kind == Message::Kind::request) return missing(kVersionKey);
    return revision;
}

} // namespace owhale::mcp
