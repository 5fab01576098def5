// What devices are called when people are told of them: ids alone say nothing, and names are whatever somebody chose.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace owhale::cli {

inline constexpr std::string_view kDevicePrincipal = "device:"; // and the device's id

constexpr bool is_device(std::string_view principal) {
    return principal.starts_with(kDevicePrincipal);
}

// Of a device ("device:<id>") "phone (device 7bd210d2)"; with no room for that "device phone", cut; without a name "device 7bd210d2". So
// no name passes for another principal's. Others as they are, cut to `room` columns. Safe for a terminal.
std::string called(std::string_view principal, const std::optional<std::string>& device_name,
                   std::size_t room = std::string_view::npos);

} // namespace owhale::cli
