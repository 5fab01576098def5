#include "audit/reserve.hpp"

#include <algorithm>
#include <array>
#include <sys/statvfs.h>

#include "base/log.hpp"

namespace owhale::audit {
namespace {

constexpr std::uint64_t kMiB = 1u << 20;
constexpr std::uint64_t kLow = 1024 * kMiB, kKept = 64 * kMiB;
constexpr std::chrono::seconds kLook{1};
constexpr std::string_view kEnds[] = {"run.start",      "run.outcome", "run.kill",
                                      "approval.ended", "grant.ended", "freeze.set"};

std::string in_mib(std::uint64_t bytes) {
    return std::to_string(bytes / kMiB) + " MiB";
}

void tell(const Space& space, Space::Level before) {
    const auto left = in_mib(space.free) + " of " + in_mib(space.total);
    if (space.level == Space::Level::enough)
        log::info("the audit log's disk has enough space again", {{"free", left}});
    else if (space.level == Space::Level::low && before == Space::Level::enough)
        log::warning("the audit log's disk is nearly full: when it is, nothing starts that has to be recorded",
                     {{"free", left}});
    else if (space.level == Space::Level::low)
        log::warning("the audit log's disk has its reserve again: everybody's runs start", {{"free", left}});
    else
        log::error("the audit log's disk has its reserve left alone: only root starts runs until there is more",
                   {{"free", left}});
}

} // namespace

Space::Level level_of(std::uint64_t free, std::uint64_t total) {
    if (total == 0) return Space::Level::enough;
    if (free < std::min(kKept, total / 50)) return Space::Level::reserved;
    return free < std::min(kLow, total / 10) ? Space::Level::low : Space::Level::enough;
}

bool stays_out(const Event& event) {
    const std::string_view name = event.event, who = event.principal;
    if (who == "unix:0" || std::ranges::find(kEnds, name) != std::end(kEnds)) return false;
    return event.for_agent || name.starts_with("run.") || who.starts_with("unix:") || who.starts_with("run:");
}

Space Reserve::look() {
    looked_ = std::chrono::steady_clock::now();
    struct statvfs disk{};
    if (::statvfs(folder_.c_str(), &disk) != 0) return space_;
    const auto before = space_.level;
    space_.free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    space_.total = std::uint64_t{disk.f_blocks} * disk.f_frsize;
    space_.level = level_of(space_.free, space_.total);
    if (space_.level != before) tell(space_, before);
    return space_;
}

Status Reserve::admit(const Event& event) {
    if (!stays_out(event)) return {};
    // Whoever is refused hears at once when there is space again.
    const bool due = space_.level == Space::Level::reserved || std::chrono::steady_clock::now() - looked_ >= kLook;
    if (due) look();
    if (space_.level != Space::Level::reserved) return {};
    return fail(Code::audit_unavailable,
                "the disk of the audit log has " + in_mib(space_.free) + " left, which are kept for root's acts",
                "free space on the disk of " + folder_ + "; owhaled then goes on by itself");
}

} // namespace owhale::audit
