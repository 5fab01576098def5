// What owhaled has counted since it started. As with its log lines there is one place for the whole process: who counts
// needs no way to who shows it. From any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "metrics/exposition.hpp"
#include "metrics/series.hpp"
#include "shared/verbs.hpp"

namespace owhale::metrics {

struct Counts {
    Counts();

    Labelled runs_ended; // by the state that a run ended in
    Labelled verdicts;   // allow, ask, deny
    Times verdict, run_start;
    Counter approvals_asked;
    Labelled approvals_ended; // by the state that came after pending
    Labelled limited;         // by limit
    Labelled accepted;        // connections, by listener

    static constexpr std::size_t kClasses = 6; // of status: by its first digit
    struct OfVerb {
        Counter answers[kClasses];
        Times time;
    };
    // In the order of the verb table; the last is of what was refused before its verb was known.
    std::unique_ptr<OfVerb[]> verbs;
    void answered(const Verb* verb, unsigned status); // null: not known
    void took(const Verb& verb, std::chrono::nanoseconds time);

    struct Audit {
        Labelled events; // on disk, by name
        Counter refused; // could not be written, each as often as it was tried
        Times commits, checkpoints;
        std::atomic<std::uint64_t> queued = 0, size = 0, indexed = 0; // events
        std::atomic<std::int64_t> unsigned_since_us = 0; // when the oldest event without a checkpoint came; 0 none
        std::atomic<bool> outage = false;                // it could not be written the last time
        Audit();
    } audit;

    void show(Exposition& out, std::int64_t now_us) const;
};

Counts& counts();

} // namespace owhale::metrics
