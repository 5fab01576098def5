// Ids and capabilities, given up and looked at again. Everything here is callable past a clone: no allocation but what
// the caller passed, no locks, errno-style answers (0 is success).
#pragma once

#include <cstdint>
#include <span>

#include "spawner/connections.hpp"

namespace owhale::spawner {

// Groups, gid, uid, in the order in which each can still be set; then no capability at all.
int become(const Identity& identity, bool set_groups);
// The same without the capabilities' end: inside a user namespace that does not map uid 0, a change of ids keeps them.
int set_ids(std::uint32_t uid, std::uint32_t gid, std::span<const std::uint32_t> groups, bool set_groups);
// The bounding set: what no exec can bring back. It needs CAP_SETPCAP.
int clear_bounding(std::uint64_t keep);
// The other four sets emptied, securebits locked, then read back: EPERM if anything is left. The bounding set goes before.
int drop_capabilities();
// Keeps only these capabilities (bit n = capability n) in permitted and effective; nothing inheritable or ambient.
int keep_capabilities(std::uint64_t mask);

} // namespace owhale::spawner
