// The end of a run whose port cannot be had: whoever publishes one wants to be reached there.
#pragma once

#include <cstdint>

#include "sandbox/run.hpp"
#include "sandbox/spawner_channel.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

constexpr const char* kPublishStep = "publish"; // api::Run.step of such a run, which is `failed`

// Says why in its record and ends it, unless it has ended.
void end_unpublished(SpawnerChannel& spawner, Run& run, std::uint16_t port, const Error& error);

} // namespace owhale::sandbox
