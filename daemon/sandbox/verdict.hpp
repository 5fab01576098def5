// What refuses a run before any rule is asked: the machine itself.
#pragma once

#include <optional>

#include "config/settings.hpp"
#include "sandbox/plan.hpp"
#include "shared/api.hpp"

namespace owhale::sandbox {

// In strict mode, a deny that names the layers which are missing; empty when none is. Its rule is "layers".
std::optional<api::Verdict> missing_layers(const config::Settings& settings, const wire::Ready& ready);

} // namespace owhale::sandbox
