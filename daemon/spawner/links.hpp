// Finding, at any depth of a folder, what leads a later program elsewhere than to a file: links, fifos, sockets, devices.
// Runs in the resolve child, with the requester's rights, within a budget; sandbox/scan_words.hpp has its question.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spawner/scan.hpp"

namespace owhale::spawner {

inline constexpr std::size_t kLinkEntries = 200'000;   // names read: an agent keeps a file per conversation
inline constexpr std::int64_t kLinkNs = 1'000'000'000; // time spent
inline constexpr std::size_t kMostOfTarget = 256;      // bytes of a link's target that are told

bool asks_for_links(const std::vector<std::string>& names);
// Those whose inode changed at or after the question's second; ctime is the kernel's, which no utimensat(2) sets. Nothing is
// followed or opened but folders. A folder that cannot be opened makes the scan incomplete: something may lie behind it.
Scan scan_links(int folder, const std::vector<std::string>& names);

} // namespace owhale::spawner
