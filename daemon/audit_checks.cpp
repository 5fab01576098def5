#include "audit_checks.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>

#include "base/clock.hpp"
#include "base/whole_seconds.hpp"
#include "config/units.hpp"

namespace owhale {
namespace {

constexpr std::uint64_t kMuchBehind = 20'000; // events: about a second of the index's work

std::string when(std::int64_t seconds) {
    return whole_seconds(rfc3339(seconds * 1'000'000));
}

std::string events(std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " event" : " events");
}

// A database with its write-ahead log, in whole MiB, rounded up; "" when there is none.
std::string size_of(const std::string& path) {
    constexpr std::uint64_t kMiB = 1 << 20;
    std::uint64_t bytes = 0;
    for (const char* suffix : {"", "-wal"}) {
        struct stat st{};
        if (::stat((path + suffix).c_str(), &st) == 0) bytes += static_cast<std::uint64_t>(st.st_size);
    }
    return bytes == 0 ? "" : ", " + std::to_string((bytes + kMiB - 1) / kMiB) + " MiB";
}

constexpr auto kBound =
    ", audit-retention, a lower api-rate, or a file system of its own: man owhaled-audit, HOW LARGE IT GETS";

// Before it is full.
void add_space(api::Check& check, const audit::Space& space, const std::string& folder) {
    if (space.level == audit::Space::Level::enough) return;
    const auto left = std::to_string(space.free >> 20) + " MiB";
    const bool reserved = space.level == audit::Space::Level::reserved;
    check.state = reserved ? "missing" : "weaker";
    check.detail += "; its disk has " + left + (reserved ? " left, which are kept for root's acts" : " left");
    check.lost = reserved ? "only root starts runs, and agents' acts are refused"
                          : "nothing, until it is full: then nothing starts that has to be recorded";
    check.fix = "space on the disk of " + folder + kBound;
}

api::Check check_log(const AuditParts& parts, const audit::Standing& standing) {
    api::Check check{"audit log", "ok", events(parts.feed.last()), "", ""};
    check.detail += size_of(parts.settings.state_dir + "/audit.db");
    if (const auto& newest = standing.newest) {
        const auto age = std::max<std::int64_t>(0, wall_clock_us() - newest->time) / 1'000'000;
        check.detail += ", newest checkpoint of " + std::to_string(newest->size) + " at " +
                        when(newest->time / 1'000'000) + ", " + std::to_string(age) + " s ago";
    }
    const auto age = parts.settings.audit_retention;
    check.detail +=
        age.count() == 0 ? "; bodies are kept for ever" : "; bodies are kept for " + config::format_duration(age);
    add_space(check, standing.space, parts.settings.state_dir);
    if (standing.failing_since == 0) return check;
    check.state = "missing";
    check.detail += "; it cannot be written since " + when(standing.failing_since / 1'000'000) + ": " + standing.why;
    check.lost = "nothing starts that has to be recorded first: no run, no decision";
    check.fix = "space on the disk of " + parts.settings.state_dir +
                ", or a disk that can be written; then owhaled goes on by itself";
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

// Searches are right without it, and slower.
api::Check check_index(const AuditParts& parts, const audit::Standing& standing) {
    const auto last = parts.feed.last();
    const auto behind = last - std::min(last, standing.indexed);
    api::Check check{"audit index", "ok", "up to date", "", ""};
    if (behind != 0) check.detail = events(behind) + " behind";
    check.detail += size_of(parts.settings.state_dir + "/audit-index.db");
    if (behind <= kMuchBehind) return check;
    check.state = "weaker";
    check.lost = "searches read the log itself for what is not indexed yet, and take longer";
    check.fix = "wait while it gets less; owhaled's own log says why when it does not";
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
    const auto standing = parts.log.standing();
    return {check_log(parts, standing), check_index(parts, standing), check_heads(parts), check_journal(parts)};
}

} // namespace owhale
