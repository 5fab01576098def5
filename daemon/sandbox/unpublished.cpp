#include "sandbox/unpublished.hpp"

#include "sandbox/record.hpp"

namespace owhale::sandbox {

void end_unpublished(SpawnerChannel& spawner, Run& run, std::uint16_t port, const Error& error) {
    if (run.ended_facts()) return; // by itself, before
    const bool chooses = error.code == Code::port_in_use || error.code == Code::forbidden;
    run.record.code = code_name(error.code);
    run.record.error = "port " + std::to_string(port) + " of this machine cannot be published: " + error.message +
                       " (" + (chooses ? "name another, or 0 for any that is free" : error.next) + ")";
    run.record.step = kPublishStep;
    spawner.kill(run.number(), wire::EndReason::killed, 0);
}

} // namespace owhale::sandbox
