#include "cli/device_names.hpp"

#include "cli/approval_view.hpp"
#include "cli/escape.hpp"

namespace owhale::cli {

std::string called(std::string_view principal, const std::optional<std::string>& device_name, std::size_t room) {
    if (!is_device(principal)) return clipped(escaped(principal), room);
    const auto id = short_id(std::string(principal.substr(kDevicePrincipal.size())));
    if (!device_name || device_name->empty()) return clipped(escaped("device " + id), room);
    const auto whole = escaped(*device_name + " (device " + id + ")");
    return width(whole) <= room ? whole : clipped(escaped("device " + *device_name), room);
}

} // namespace owhale::cli
