#include "config/modes.hpp"

#include <array>

namespace owhale::config {
namespace {

using namespace std::chrono_literals;

constexpr std::array kModes = {
    Mode{"local", false, true, true, 0ms},
    Mode{"strict", true, false, false, 1h},
};

} // namespace

const Mode* find_mode(std::string_view name) {
    for (const auto& mode : kModes)
        if (mode.name == name) return &mode;
    return nullptr;
}

std::string mode_names() {
    std::string names;
    for (const auto& mode : kModes) (names += names.empty() ? "" : ", ") += mode.name;
    return names;
}

} // namespace owhale::config
