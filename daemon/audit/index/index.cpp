#include "audit/index/index.hpp"

#include <sys/stat.h>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "metrics/counts.hpp"

namespace owhale::audit {
namespace {

constexpr std::uint64_t kBatch = 16'384;
constexpr std::chrono::milliseconds kGather{100}; // of what comes one by one, before it is written
constexpr std::chrono::seconds kRetry{10};
constexpr std::int64_t kTellEvery = 10'000'000'000; // ns
// Of a page. What cannot be cut short, a partition's words or a body from the disk, takes up to 20 ms more.
constexpr std::chrono::milliseconds kBudget{25};

bool exists(const std::string& path) {
    struct stat st{};
    return ::lstat(path.c_str(), &st) == 0;
}

} // namespace

Index::Index(std::string dir, std::uint64_t events, OnRebuilt on_rebuilt)
    : dir_(std::move(dir)), events_before_(events), on_rebuilt_(std::move(on_rebuilt)), readers_(dir_, [this] {
          damaged_ = true;
          nudge();
      }) {}

Index::~Index() {
    stop();
}

void Index::stop() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Index::nudge() {
    {
        const std::lock_guard lock(mutex_);
        news_ = true;
        if (!thread_.joinable() && !ending_) thread_ = std::thread([this] { work(); });
    }
    changed_.notify_one();
}

// A failed index is taken away from the one that asks, and the question put again to the log alone.
template <typename Value, typename Asked, typename Find>
void Index::ask(const std::string& asker, Asked asked, Find find, Done<Value> done) {
    nudge(); // the first question may come before the first event
    readers_.ask(asker, [this, asked = std::move(asked), find, done = std::move(done)](auto sources) mutable {
        if (!sources) return done(std::unexpected(std::move(sources).error()));
        auto answer = find(**sources, asked);
        if ((*sources)->index_failed) {
            readers_.without_index(**sources, answer.error());
            answer = find(**sources, asked);
        }
        done(std::move(answer));
    });
}

void Index::page(const std::string& asker, Query query, Done<Page> done) {
    const auto find = [](index::Sources& sources, const Query& asked) {
        return index::find_page(sources, asked, kBudget);
    };
    ask<Page>(asker, std::move(query), find, std::move(done));
}

void Index::stats(const std::string& asker, StatsQuery query, Done<Stats> done) {
    ask<Stats>(asker, std::move(query), index::count_events, std::move(done));
}

void Index::work() {
    while (wait_for_news()) {
        if (damaged_.exchange(false)) make_anew("it is damaged");
        if (!filler_ && !open()) continue;
        const auto status = catch_up();
        if (!status && status.error().code == Code::conflict) {
            make_anew(to_line(status.error()));
        } else if (!status) {
            put_off(status.error());
        } else {
            failing_ = again_ = false;
            tell_rebuilt();
        }
    }
}

// False at the end. What fails is tried again after a while; else there have to be news.
bool Index::wait_for_news() {
    std::unique_lock lock(mutex_);
    const auto ending = [this] { return ending_.load(); };
    if (failing_)
        changed_.wait_for(lock, kRetry, ending);
    else
        changed_.wait(lock, [this] { return ending_ || news_; });
    if (!ending_ && filler_) changed_.wait_for(lock, kGather, ending);
    news_ = false;
    return !ending_;
}

bool Index::open() {
    const bool missing = !exists(index::index_path(dir_));
    auto filler = [this] {
        const auto alone = readers_.let_go(); // nobody may see it half made
        return index::Filler::open(dir_);
    }();
    if (!filler) {
        if (filler.error().code == Code::conflict)
            make_anew(to_line(filler.error()));
        else
            put_off(filler.error());
        return false;
    }
    filler_ = std::move(*filler);
    if (missing && events_before_ != 0 && why_.empty()) why_ = "it was missing";
    if (!why_.empty() && began_ == 0) began_ = told_ = monotonic_ns();
    metrics::counts().audit.indexed = through_ = filler_->through();
    return true;
}

void Index::put_off(const Error& why) {
    filler_.reset();
    if (!std::exchange(failing_, true))
        log::warning("the audit index cannot be written; searches read the log itself", {{"why", to_line(why)}});
}

void Index::make_anew(std::string why) {
    log::warning("the audit index is made again from the log", {{"why", why}});
    filler_.reset();
    {
        const auto alone = readers_.let_go();
        index::remove_index(index::index_path(dir_));
        damaged_ = false; // whoever said so read the one that is gone
    }
    failing_ = std::exchange(again_, true); // in vain: not at once
    why_ = std::move(why);
    began_ = 0;
    metrics::counts().audit.indexed = through_ = 0;
    nudge();
}

// Caught up is who has added less than a batch: what has come since is news, and is gathered first. Else a busy log's
// events would be written one by one.
Status Index::catch_up() {
    while (!ending_ && !damaged_) {
        const auto added = TRY(filler_->add(kBatch));
        metrics::counts().audit.indexed = through_ = filler_->through();
        tell_progress();
        const bool more = added == kBatch || (added != 0 && through_ % index::kPartition == 0);
        if (!more && !TRY(filler_->forget())) return {};
    }
    return {};
}

void Index::tell_progress() {
    if (why_.empty() || monotonic_ns() - told_ < kTellEvery) return;
    told_ = monotonic_ns();
    log::info("the audit index is being made", {{"events", std::to_string(through_)}});
}

void Index::tell_rebuilt() {
    if (why_.empty() || ending_ || damaged_) return;
    const Rebuilt rebuilt{std::exchange(why_, {}), through_, (monotonic_ns() - std::exchange(began_, 0)) / 1'000'000};
    log::info("the audit index is made", {{"events", std::to_string(rebuilt.events)}});
    on_rebuilt_(rebuilt);
}

} // namespace owhale::audit
