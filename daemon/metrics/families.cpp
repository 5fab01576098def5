#include "metrics/families.hpp"

namespace owhale::metrics {
namespace {

constexpr Family kFamilies[] = {
    {"owhaled_build", Kind::info, "", "Version and security mode.", {"version", "mode"}},
    {"owhaled_start_time_seconds", Kind::gauge, "seconds", "When this owhaled began to serve, since 1970.", {}},
    {"owhaled_spawner_up", Kind::gauge, "", "1: the privileged half answers. Without it owhaled starts again.", {}},
    {"owhaled_runs", Kind::gauge, "", "Runs that have not ended, by state.", {"state"}},
    {"owhaled_runs_ended", Kind::counter, "", "Runs that have ended, by their last state.", {"state"}},
    {"owhaled_verdicts", Kind::counter, "", "What the policy said of runs and checks.", {"decision"}},
    {"owhaled_verdict_duration_seconds",
     Kind::histogram,
     "seconds",
     "From a command to the policy's verdict on it, without looking up its files.",
     {}},
    {"owhaled_run_start_duration_seconds",
     Kind::histogram,
     "seconds",
     "From a request to its running command, without the time that people took to answer.",
     {}},
    {"owhaled_approvals", Kind::gauge, "", "Requests that wait for people, by how long.", {"age"}},
    {"owhaled_approvals_oldest_seconds", Kind::gauge, "seconds", "The age of the oldest of them; 0 none.", {}},
    {"owhaled_approvals_asked", Kind::counter, "", "Requests that were put to people.", {}},
    {"owhaled_approvals_ended",
     Kind::counter,
     "",
     "Requests that left the state pending, by what came of them.",
     {"state"}},
    {"owhaled_requests",
     Kind::counter,
     "",
     "Answers, by verb and class of status. The verb is none of what was refused before it was known. A call "
     "by MCP counts twice: as the verb mcp, and as what it asks for.",
     {"verb", "status"}},
    {"owhaled_request_duration_seconds",
     Kind::histogram,
     "seconds",
     "From a request's head to its answer, of verbs that answer at once or wait; streams are not in it.",
     {"verb"}},
    {"owhaled_limited",
     Kind::counter,
     "",
     "What was refused because a limit was reached: a rate, or connections, bytes and runs at once.",
     {"limit"}},
    {"owhaled_connections", Kind::gauge, "", "Open connections, by listener.", {"listener"}},
    {"owhaled_connections_accepted", Kind::counter, "", "Connections that were served.", {"listener"}},
    {"owhaled_sessions", Kind::gauge, "", "Live sessions, and live tokens for agents.", {"kind"}},
    {"owhaled_audit_events", Kind::counter, "", "Events that are on disk, by name.", {"event"}},
    {"owhaled_audit_queue_length", Kind::gauge, "", "Events that wait for the disk.", {}},
    {"owhaled_audit_sequence", Kind::gauge, "", "The number of the newest event.", {}},
    {"owhaled_audit_commit_duration_seconds",
     Kind::histogram,
     "seconds",
     "What putting a batch of events on disk took.",
     {}},
    {"owhaled_audit_checkpoint_duration_seconds",
     Kind::histogram,
     "seconds",
     "What signing and storing a checkpoint took.",
     {}},
    {"owhaled_audit_checkpoint_age_seconds",
     Kind::gauge,
     "seconds",
     "Since the newest checkpoint; 0 when no event is newer than it.",
     {}},
    {"owhaled_audit_index_behind", Kind::gauge, "", "Events that searches do not find yet.", {}},
    {"owhaled_audit_refused", Kind::counter, "", "Events that could not be written: their acts did not happen.", {}},
    {"owhaled_audit_outage", Kind::gauge, "", "1: the log could not be written the last time it was tried.", {}},
    {"process_cpu_seconds", Kind::counter, "seconds", "Processor time of the broker.", {}},
    {"process_resident_memory_bytes", Kind::gauge, "bytes", "Memory of the broker.", {}},
    {"process_open_fds", Kind::gauge, "", "Open descriptors of the broker.", {}},
    {"process_max_fds", Kind::gauge, "", "How many it may have.", {}},
};

} // namespace

std::span<const Family> families() {
    return kFamilies;
}

const Family* find_family(std::string_view name) {
    for (const auto& family : kFamilies)
        if (family.name == name) return &family;
    return nullptr;
}

std::string_view name_of(Kind kind) {
    constexpr std::array<std::string_view, 4> names = {"counter", "gauge", "histogram", "info"};
    return names[static_cast<std::size_t>(kind)];
}

} // namespace owhale::metrics
