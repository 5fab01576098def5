#include "cli/device_names.hpp"

#include "cli/approval_view.hpp"
#include "cli/escape.hpp"

namespace owhale::cli {
namespace {

constexpr std::string_view kDevice = "device:";

} // namespace

std::string called(std::string_view principal, const std::optional<std::string>& device_name, std::size_t room) {
    if (!principal.starts_with(kDevice)) return clipped(escaped(principal), room);
    const auto id = short_id(std::string(principal.substr(kDevice.size())));
    if (!device_name || device_name->empty()) return clipped(escaped("device " + id), room);
    const auto whole = escaped(*device_name + " (device " + id + ")");
    return width(whole) <= room ? whole : clipped(escaped("device " + *device_name), room);
}

} // namespace owhale::cli
