#include "audit_checks.hpp"

#include <cerrno>
#include <cstring>

#include "base/clock.hpp"
#include "base/whole_seconds.hpp"
#include "config/units.hpp"

namespace owhale {
namespace {

std::string when(std::int64_t seconds) {
    return whole_seconds(rfc3339(seconds * 1'000'000));
}

std::string events(std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " event" : " events");
}

api::Check check_log(const AuditParts& parts) {
    api::Check check{"audit log", "ok", events(parts.feed.last()), "", ""};
    if (const auto& newest = parts.anchors.newest())
        check.detail += ", checkpoint of " + std::to_string(newest->size) + " at " + when(newest->time / 1'000'000);
    const auto age = parts.settings.audit_retention;
    check.detail +=
        age.count() == 0 ? "; bodies are kept for ever" : "; bodies are kept for " + config::format_duration(age);
    return check;
}

api::Check check_heads(const AuditParts& parts) {
    const auto& kept = parts.anchors.kept();
    const auto& path = parts.settings.audit_heads;
    api::Check check{"audit anchor", "ok", path + ": no head yet", "", ""};
    if (kept.heads != 0)
        check.detail = path + ": " + std::to_string(kept.heads) + (kept.heads == 1 ? " head" : " heads") +
                       ", the last of " + events(kept.size) + " at " + when(kept.time);
    if (kept.err == 0 && !parts.settings.rootless) return check;
    check.state = "weaker";
    if (kept.err == 0) {
        check.lost = "rootless it lies beside the log: who changes one can change both";
        check.fix = "keep checkpoints elsewhere: owhalectl audit checkpoint --save FILE";
        return check;
    }
    check.detail += "; the spawner keeps none: " + std::string(std::strerror(kept.err));
    check.lost = "an older or changed copy of the log is found by what journald and others keep, not at the start";
    check.fix = "a folder and a file that are root's alone, on a disk that can be written; then a restart";
    return check;
}

std::string copied(const audit::JournalCopy& copy) {
    const auto behind = copy.behind();
    return "every event, to " + std::to_string(copy.position()) +
           (behind == 0 ? "" : ", " + std::to_string(behind) + " on their way");
}

api::Check check_journal(const AuditParts& parts) {
    api::Check check{"audit journal", "ok", "off (audit-journal)", "", ""};
    if (parts.settings.audit_journal == "off") return check;
    const auto last = parts.anchors.journal_time();
    check.detail = parts.copy != nullptr ? copied(*parts.copy) : "checkpoints";
    if (last != 0) check.detail += ", the last one at " + when(last);
    const int err = parts.copy != nullptr && parts.copy->err() != 0 ? parts.copy->err() : parts.anchors.journal_err();
    if (parts.has_journal && (err == 0 || err == EAGAIN)) return check;
    check.detail = parts.has_journal ? check.detail + "; journald answers: " + std::strerror(err)
                                     : "none: nothing listens on " + parts.settings.audit_journal_socket;
    if (parts.settings.audit_journal != "all") return check; // nobody asked for it
    check.state = "weaker";
    check.lost = "journald gets no copy of the audit log";
    check.fix = "systemd-journald, then a restart of owhaled; or audit-journal = off";
    return check;
}

} // namespace

std::vector<api::Check> audit_checks(const AuditParts& parts) {
    return {check_log(parts), check_heads(parts), check_journal(parts)};
}

} // namespace owhale
