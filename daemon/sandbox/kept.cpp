#include "sandbox/kept.hpp"

#include <dirent.h>
#include <memory>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/uuid.hpp"
#include "sandbox/output.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::int64_t kDay = 24ll * 3600 * 1'000'000; // microseconds
constexpr const char* kStreams[] = {"stdout", "stderr"};

void complain(const Status& status, const char* what) {
    if (!status) log::warning(what, {{"why", to_line(status.error())}});
}

} // namespace

Result<Kept> Kept::open(const config::Settings& settings) {
    CHECK(ensure_private_dir(settings.state_dir + "/runs", 0700));
    return Kept(settings);
}

std::string Kept::folder(const std::string& id) const {
    return settings_->state_dir + "/runs/" + id;
}

std::uint64_t Kept::bytes(const std::string& id) const {
    std::uint64_t total = 0;
    for (const auto* stream : kStreams)
        if (const auto output = Output::open(folder(id) + "/" + stream)) total += output->kept();
    return total;
}

void Kept::measure(api::Run& run) const {
    for (const auto* stream : kStreams) {
        const auto output = Output::open(folder(run.id) + "/" + stream);
        if (!output) continue;
        (stream == kStreams[0] ? run.stdout_length : run.stderr_length) = output->length();
        run.truncated = run.truncated || output->truncated();
    }
}

void Kept::remove(const std::string& id) const {
    for (const auto* stream : kStreams) ::unlink((folder(id) + "/" + stream).c_str());
    ::rmdir(folder(id).c_str());
}

void Kept::remove_unknown(RunRows& rows) const {
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir((settings_->state_dir + "/runs").c_str()), ::closedir);
    while (const auto* entry = listing ? ::readdir(listing.get()) : nullptr) {
        const std::string id = entry->d_name;
        if (!parse_uuid(id)) continue;
        if (const auto row = rows.find(id); row && !*row) remove(id);
    }
}

void Kept::hold_to_age(RunRows& rows) const {
    if (settings_->keep_days == 0) return;
    const auto old = rows.ended_before(wall_clock_us() - static_cast<std::int64_t>(settings_->keep_days) * kDay);
    if (!old) return complain(std::unexpected(old.error()), "old runs cannot be listed");
    for (const auto& id : *old) {
        remove(id);
        complain(rows.remove(id), "an old run's row stays");
    }
}

// What is known never is less than what is kept: only what seems too much is counted. A sixteenth of room is made then, so that
// not each end of a run looks through all rows.
void Kept::hold_to_quota(RunRows& rows, const std::string& principal, std::uint64_t added) {
    const auto most = settings_->keep_bytes;
    if (most == 0) return;
    auto [known, is_new] = at_most_.try_emplace(principal, 0);
    if (is_new) {
        const auto sum = rows.kept_by(principal);
        if (!sum) {
            at_most_.erase(known);
            return complain(std::unexpected(sum.error()), "kept output cannot be counted");
        }
        known->second = *sum;
    } else {
        known->second += added;
    }
    if (known->second <= most) return;
    const auto rest = most - most / 16;
    if (hold(rows, principal, rest))
        known->second = rest;
    else
        at_most_.erase(known); // it is counted anew at the next end
}

void Kept::hold_to_run(RunRows& rows, const std::string& run, bool lives) const {
    constexpr std::uint64_t kShare = 8;
    if (settings_->keep_bytes != 0) (void)hold(rows, "run:" + run, lives ? settings_->keep_bytes / kShare : 0);
}

bool Kept::hold(RunRows& rows, const std::string& principal, std::uint64_t most) const {
    const auto over = rows.over_quota(principal, most);
    if (!over) {
        complain(std::unexpected(over.error()), "kept output cannot be counted");
        return false;
    }
    bool all = true;
    for (const auto& id : *over) {
        remove(id);
        const auto forgotten = rows.forget_output(id);
        all &= forgotten.has_value();
        complain(forgotten, "a row still counts output that is gone");
    }
    return all;
}

} // namespace owhale::sandbox
