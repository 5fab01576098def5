#include "audit/writer.hpp"

#include <algorithm>

#include "base/clock.hpp"
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
    const auto full = fail(Code::audit_unavailable, "too many audit events wait to be written", "try again");
    {
        const std::lock_guard lock(mutex_);
        if (!ending_ && queue_.size() < kMostQueued) {
            queue_.push_back({std::move(leaf), std::move(done)});
            if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
        } else {
            outage_.refuse(1, full.error(), wall_clock_us());
        }
    }
    changed_.notify_one();
    if (done) done(full);
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
    const auto asked = batch.size();
    auto outage = tell_outage(batch);
    auto first = store_all(batch);
    if (first) {
        if (outage.lasts()) log::info("the audit log is written again");
        tell(batch, *first);
        for (std::size_t i = 0; i < batch.size(); ++i) batch[i].done(*first + i);
        return;
    }
    note_outage(std::move(outage), asked, first.error());
    for (auto& waiting : batch) waiting.done(unavailable(first.error()));
}

Outage Writer::tell_outage(std::vector<Waiting>& batch) {
    Outage outage;
    {
        const std::lock_guard lock(mutex_);
        outage = std::exchange(outage_, {});
    }
    if (!outage.lasts()) return outage;
    if (auto leaf = make_leaf(outage.told(wall_clock_us())))
        batch.insert(batch.begin(), {std::move(*leaf), [](Result<std::uint64_t>) {}});
    return outage;
}

void Writer::note_outage(Outage lasting, std::size_t refused, const Error& why) {
    lasting.refuse(refused, why, wall_clock_us());
    const std::lock_guard lock(mutex_);
    lasting.add(outage_);
    outage_ = std::move(lasting);
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
