#include "audit/writer.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "store/transaction.hpp"

namespace owhale::audit {
namespace {

constexpr std::size_t kMostQueued = 8192;
constexpr std::size_t kMostAtOnce = 512;

std::unexpected<Error> unavailable(Error error) {
    error.code = Code::audit_unavailable;
    error.message = "the audit log cannot be written: " + error.message;
    return std::unexpected(std::move(error));
}

} // namespace

Writer::Writer(store::Database database, store::Statement last, store::Statement insert)
    : database_(std::move(database)), last_(std::move(last)), insert_(std::move(insert)) {}

Writer::~Writer() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Writer::put(Leaf leaf, Done done) {
    {
        const std::lock_guard lock(mutex_);
        if (!ending_ && queue_.size() < kMostQueued) {
            queue_.push_back({std::move(leaf), std::move(done)});
            if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
        }
    }
    changed_.notify_one();
    if (done) done(fail(Code::audit_unavailable, "too many audit events wait to be written", "try again"));
}

std::vector<Writer::Waiting> Writer::take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    const auto count = std::min(queue_.size(), kMostAtOnce);
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<Waiting> batch(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
    return batch;
}

void Writer::work() {
    for (;;) {
        // Gone before the next wait: a completion holds its caller's executor running.
        auto batch = take();
        if (batch.empty()) return;
        commit(batch);
    }
}

void Writer::commit(std::vector<Waiting>& batch) {
    auto first = store_all(batch);
    if (!first) log::error("audit events could not be written", {{"why", to_line(first.error())}});
    if (first) tell(batch, *first);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (first)
            batch[i].done(*first + i);
        else
            batch[i].done(unavailable(first.error()));
    }
}

void Writer::on_committed(Committed committed) {
    const std::lock_guard lock(mutex_);
    committed_ = std::make_shared<Committed>(std::move(committed));
}

void Writer::tell(std::vector<Waiting>& batch, std::uint64_t first) {
    std::shared_ptr<Committed> committed;
    {
        const std::lock_guard lock(mutex_);
        committed = committed_;
    }
    if (!committed) return;
    std::vector<Row> rows;
    for (auto& [leaf, done] : batch) rows.push_back({first++, {}, std::move(leaf.json)});
    (*committed)(std::move(rows));
}

Result<std::uint64_t> Writer::store_all(const std::vector<Waiting>& batch) {
    auto transaction = TRY(database_.begin());
    std::uint64_t next = 0;
    {
        auto row = last_.with();
        CHECK(row.next());
        next = static_cast<std::uint64_t>(row.integer(0)) + 1;
    }
    const auto first = next;
    for (const auto& [leaf, done] : batch)
        CHECK(insert_
                  .with(next++, std::span<const std::uint8_t>(leaf.hash), leaf.time, leaf.event.event.text(),
                        leaf.event.principal, leaf.event.verb, leaf.event.outcome, leaf.event.run, leaf.json)
                  .run());
    CHECK(transaction.commit());
    return first;
}

} // namespace owhale::audit
