// What the broker does for its own audit log: who signs it, what happened to it, and what is kept of it elsewhere.
#include "base/clock.hpp"
#include "broker.hpp"
#include "last_life.hpp"
#include "sandbox/digest.hpp"

namespace owhale {
namespace {

using boost::asio::awaitable;

constexpr std::chrono::seconds kCopyTime{1}; // for events on their way to journald when owhaled ends

} // namespace

awaitable<Status> Broker::note(audit::Event event) {
    const auto written = co_await audit_->append(std::move(event));
    if (!written) co_return std::unexpected(written.error());
    co_return Status{};
}

// Who signs the log's checkpoints is told in the log itself, once.
awaitable<Status> Broker::open_log() {
    std::string outcome("ok");
    const auto told = co_await audit_->newest("audit.opened", std::move(outcome));
    if (!told) co_return std::unexpected(told.error());
    if (*told) co_return Status{};
    audit::Event event{"audit.opened", "system", "", "ok", "", {}};
    event.data["origin"] = audit_->key().name;
    event.data["key"] = audit::merkle::to_vkey(audit_->key());
    co_return co_await note(std::move(event));
}

// Before anything is added to it, or made for it.
Status Broker::open_audit() {
    CHECK(expect_identity(ready_.heads, settings_.state_dir, settings_.audit_heads));
    auto log = audit::Log::open(settings_.state_dir);
    if (!log) return std::unexpected(also_of_heads(std::move(log).error(), ready_.heads, settings_.audit_heads));
    audit_ = std::move(*log);
    return compare_anchors();
}

// The log against the last head that the spawner has kept of it.
Status Broker::compare_anchors() {
    const auto vkey = audit::merkle::to_vkey(audit_->key());
    const auto& file = ready_.heads;
    anchors_.emplace(Anchors::Parts{io_.get_executor(), *spawner_, file, settings_.audit_heads, settings_.rootless,
                                    journal_ ? &*journal_ : nullptr, vkey});
    const auto size = TRY(audit_->size());
    std::optional<audit::merkle::Hash> root;
    if (file.count != 0 && file.size <= size) root = TRY(audit_->root_at(file.size));
    CHECK(anchors_->compare(size, root));
    if (file.err != 0 && settings_.rules->missing_layer_refuses)
        return fail(Code::layer_missing,
                    "mode " + settings_.mode + " runs with an outside anchor only: " + anchors_->missing(size),
                    "a folder and a file that are root's alone, or another audit-heads");
    audit_->on_checkpoint(io_.get_executor(), [this](audit::Signed made) { anchors_->take(std::move(made)); });
    return {};
}

awaitable<Status> Broker::note_missing_anchor() {
    const auto size = audit_->size();
    if (!size) co_return std::unexpected(size.error());
    const auto why = anchors_->missing(*size);
    if (why.empty()) co_return Status{};
    log::warning("the audit log has no outside anchor", {{"why", why}});
    audit::Event event{"audit.anchor_missing", "system", "", "ok", "", {}};
    event.data["why"] = why;
    co_return co_await note(std::move(event));
}

Status Broker::copy_to_journal() {
    if (settings_.audit_journal != "all" || !journal_) return {};
    journal_copy_.emplace(audit::JournalCopy::Parts{io_.get_executor(), *audit_, *feed_, *journal_,
                                                    settings_.state_dir + "/audit.journal-position"});
    CHECK(journal_copy_->open());
    journal_copy_->start();
    return {};
}

// The end is anchored, and copied as far as a moment allows: the rest is sent by the next start.
awaitable<void> Broker::anchor_end() {
    const auto last = co_await audit_->checkpoint();
    if (last) co_await anchors_->finish(*last);
    if (!journal_copy_) co_return;
    const auto until = monotonic_ns() + std::chrono::nanoseconds(kCopyTime).count();
    while (journal_copy_->behind() > 0 && monotonic_ns() < until) co_await pause(std::chrono::milliseconds(20));
    journal_copy_->stop();
}

awaitable<void> Broker::record(audit::EventName event, std::string outcome) {
    audit::Event entry{event, "system", "", std::move(outcome), "", {}};
    entry.data["version"] = OWHALE_VERSION;
    entry.data["mode"] = settings_.mode;
    if (event == "daemon.start") entry.data["settings"] = audit::not_by_default(in_force());
    const auto noted = co_await note(std::move(entry));
    if (!noted) log::error(to_line(noted.error()));
}

audit::AllInForce Broker::in_force() const {
    audit::AllInForce now;
    for (const auto& row : settings_.rows) now[row.key] = {row.value, row.source};
    if (!log_level_.empty()) now["log-level"].value = log_level_;
    std::string profiles;
    for (const auto& profile : profiles_->list()) profiles += profile->name + " " + profile->digest + "\n";
    now["profile-dir files"] = {"sha256:" + sandbox::sha256_hex(profiles), ""};
    now["policy-dir files"] = {rules_.current()->version, ""};
    now["tls-cert fingerprint"] = {network_->fingerprint(), ""};
    return now;
}

awaitable<Status> Broker::tell_settings() {
    auto now = in_force();
    return audit::tell_changes(*audit_, settings_.state_dir + "/settings-seen", std::move(now));
}

awaitable<Status> Broker::tell_crash() {
    auto crash = co_await last_crash(*audit_);
    if (!crash) co_return std::unexpected(crash.error());
    if (!*crash) co_return Status{};
    log::warning("owhaled did not end in order the last time; its audit log has what was found, as daemon.crashed");
    auto event = std::move(**crash);
    co_return co_await note(std::move(event));
}

} // namespace owhale
