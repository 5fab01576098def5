#include "metrics/counts.hpp"

#include <algorithm>

#include "audit/event_name.hpp"

namespace owhale::metrics {
namespace {

constexpr std::string_view kClassNames[Counts::kClasses] = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};

void show_labelled(Exposition& out, std::string_view family, const Labelled& all) {
    out.begin(family);
    for (std::size_t i = 0; i < all.size(); ++i) out.add({all.name(i)}, all.value(i));
}

void show_times(Exposition& out, std::string_view family, const Times& times) {
    out.begin(family);
    out.add({}, times);
}

void show_one(Exposition& out, std::string_view family, std::uint64_t value) {
    out.begin(family);
    out.add({}, value);
}

// Of verbs that somebody has asked for: the others' hundred lines would say nothing.
void show_verbs(Exposition& out, const Counts::OfVerb* counted) {
    const auto all = verbs();
    out.begin("owhaled_requests");
    for (std::size_t verb = 0; verb <= all.size(); ++verb)
        for (std::size_t status = 1; status < Counts::kClasses; ++status)
            if (const auto count = counted[verb].answers[status].value(); count != 0)
                out.add({verb < all.size() ? all[verb].name : "none", kClassNames[status]}, count);
    out.begin("owhaled_request_duration_seconds");
    for (std::size_t verb = 0; verb < all.size(); ++verb)
        if (counted[verb].time.count() != 0) out.add({all[verb].name}, counted[verb].time);
}

void show_audit(Exposition& out, const Counts::Audit& audit, std::int64_t now_us) {
    const std::uint64_t size = audit.size, indexed = audit.indexed;
    const std::int64_t since = audit.unsigned_since_us;
    show_labelled(out, "owhaled_audit_events", audit.events);
    show_one(out, "owhaled_audit_queue_length", audit.queued);
    show_one(out, "owhaled_audit_sequence", size);
    show_times(out, "owhaled_audit_commit_duration_seconds", audit.commits);
    show_times(out, "owhaled_audit_checkpoint_duration_seconds", audit.checkpoints);
    out.begin("owhaled_audit_checkpoint_age_seconds");
    out.add_seconds({}, since == 0 ? 0 : std::max<std::int64_t>(now_us - since, 0));
    show_one(out, "owhaled_audit_index_behind", size - std::min(size, indexed));
    show_one(out, "owhaled_audit_refused", audit.refused.value());
    show_one(out, "owhaled_audit_outage", audit.outage ? 1 : 0);
}

} // namespace

Counts::Audit::Audit() : events({audit::kEventNames.begin(), audit::kEventNames.end()}) {}

Counts::Counts()
    : runs_ended({"exited", "signaled", "timed_out", "limit_exceeded", "killed", "denied", "expired", "cancelled",
                  "lost", "failed"}),
      verdicts({"allow", "ask", "deny"}),
      approvals_ended({"approved", "used", "denied", "expired", "cancelled", "void"}),
      limited({"rate_login", "rate_step-up", "rate_api", "rate_anonymous", "rate_token", "rate_tls", "rate_page",
               "connections", "runs", "head", "body", "bodies"}),
      accepted({"unix", "tcp", "run"}), verbs(std::make_unique<OfVerb[]>(owhale::verbs().size() + 1)) {}

void Counts::answered(const Verb* verb, unsigned status) {
    const auto all = owhale::verbs();
    const auto at = verb == nullptr ? all.size() : static_cast<std::size_t>(verb - all.data());
    if (status / 100 < kClasses) verbs[at].answers[status / 100].add();
}

void Counts::took(const Verb& verb, std::chrono::nanoseconds time) {
    verbs[static_cast<std::size_t>(&verb - owhale::verbs().data())].time.add(time);
}

void Counts::show(Exposition& out, std::int64_t now_us) const {
    show_labelled(out, "owhaled_runs_ended", runs_ended);
    show_labelled(out, "owhaled_verdicts", verdicts);
    show_times(out, "owhaled_verdict_duration_seconds", verdict);
    show_times(out, "owhaled_run_start_duration_seconds", run_start);
    show_one(out, "owhaled_approvals_asked", approvals_asked.value());
    show_labelled(out, "owhaled_approvals_ended", approvals_ended);
    show_verbs(out, verbs.get());
    show_labelled(out, "owhaled_limited", limited);
    show_labelled(out, "owhaled_connections_accepted", accepted);
    show_audit(out, audit, now_us);
}

Counts& counts() {
    static Counts all;
    return all;
}

} // namespace owhale::metrics
