// What a scan (wire::kResolveScan) is asked with instead of names, to find links: both sides of the wire agree on it here.
#pragma once

#include <string_view>

namespace owhale::wire {

// The first name, which no file has. A second one follows: seconds since the Unix epoch, decimal, since when a find is new.
// Each find is then 'l', its path below the workspace, a NUL, and what it is: "-> TARGET", "(a fifo)".
inline constexpr std::string_view kScanLinks = ".";

} // namespace owhale::wire
