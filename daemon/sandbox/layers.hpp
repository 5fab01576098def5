// What this machine lacks of the cage, as sentences.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/plan.hpp"

namespace owhale::sandbox {

struct LayerRow {
    wire::Layer layer;
    std::string_view name;
    std::string_view there; // what is there when it is
    std::string_view lost;  // what is lost without it
    std::string_view fix;   // how to get it
};

std::span<const LayerRow> layers();
// One sentence for each layer that is missing.
std::vector<std::string> weaker(const wire::Ready& ready);

} // namespace owhale::sandbox
