// An upgrade of the package that waits for a restart: the owhaled of before goes on, since runs were active (debian/
// owhaled.postinst leaves a note then).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/api.hpp"

namespace owhale::cli {

// The note: the version that waits, then process id and start (in ticks after boot, proc(5)) of the supervisor that it
// waits for, one a line.
inline constexpr auto kUpgradeNote = "/run/owhaled.upgrade";
inline constexpr auto kUpgradeCommand = "systemctl restart owhaled";

// The version that waits; none without a note that root wrote, or once that supervisor is gone.
std::optional<std::string> waiting_upgrade(const std::string& note = kUpgradeNote);

// doctor's row of it; none when nothing waits.
std::vector<api::Check> upgrade_checks();

} // namespace owhale::cli
