// Which revision of the protocol a message is of, and whether its headers say what its body says. Pure.
//
// Revisions up to 2025-11-25 begin with a handshake (initialize); 2026-07-28 has none: each request carries its version in
// params._meta, and headers that mirror the body. Sources: the specification's pages "Lifecycle", "Transports",
// "Versioning and Compatibility", "Streamable HTTP" of these revisions.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>

#include "mcp/rpc.hpp"

namespace owhale::mcp {

struct Revision {
    std::string_view name;
    bool stateless = false; // no handshake; results say their type
    bool batches = false;   // several messages in one body
};

using Headers = std::map<std::string, std::string, std::less<>>; // lower-case names

// Newest first.
json::array supported_revisions();
// What `initialize` agrees on: the one asked for, or the newest with a handshake.
const Revision& negotiate(std::string_view asked);
// Of a batch: -32600 where the revision of the header has none.
std::expected<const Revision*, RpcError> revision_of_batch(const Headers& headers);
// Of one message; HeaderMismatch, UnsupportedProtocolVersion and missing fields are HTTP 400.
std::expected<const Revision*, RpcError> revision_of(const Headers& headers, const Message& message);

} // namespace owhale::mcp
