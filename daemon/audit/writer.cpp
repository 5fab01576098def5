#include "audit/writer.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <string_view>

#include "audit/migration.hpp"
#include "audit/start_check.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "metrics/counts.hpp"
#include "store/log_room.hpp"
#include "store/migrations.hpp"

namespace owhale::audit {
namespace {

constexpr std::size_t kMostQueued = 8192;
constexpr std::size_t kMostAtOnce = 512;

// Nobody waits for it: the intent before it is on disk, and what has started goes on whatever the log says. Its rows are made at
// once and reach the disk with the end of a short run, which spares a third of all commits.
constexpr std::string_view kPatient = "run.start";
constexpr std::chrono::milliseconds kPatience{50};

std::unexpected<Error> unavailable(Error error) {
    error.code = Code::audit_unavailable;
    error.message = "the audit log cannot be written: " + error.message;
    return std::unexpected(std::move(error));
}

bool is_patient(const Leaf& leaf) {
    return leaf.event.event == kPatient;
}

std::vector<const Leaf*> leaves_of(const auto& batch) {
    std::vector<const Leaf*> leaves;
    leaves.reserve(batch.size());
    for (const auto& waiting : batch) leaves.push_back(&waiting.leaf);
    return leaves;
}

// Of what is on disk from now on.
void count(std::uint64_t size, std::chrono::steady_clock::duration took) {
    auto& counted = metrics::counts().audit;
    counted.commits.add(took);
    counted.size = size;
    if (counted.unsigned_since_us == 0) counted.unsigned_since_us = wall_clock_us();
}

std::string database_path(const std::string& dir) {
    return dir + "/audit.db";
}

Status migrate_further(store::Database& database, int number) {
    if (number != 2) return {};
    return move_events(database);
}

} // namespace

Result<std::unique_ptr<Writer>> Writer::open(const std::string& dir, store::Durability durability) {
    auto database = TRY(store::Database::open(database_path(dir), durability));
    CHECK(store::migrate(database, "audit", migrate_further));
    std::unique_ptr<Writer> writer(new Writer(std::move(database)));
    CHECK(writer->look(dir));
    if (durability == store::Durability::power) store::make_log_room(database_path(dir));
    return writer;
}

Status Writer::look(const std::string& dir) {
    checkpoints_.emplace(TRY(Checkpoints::open(database_, dir)));
    CHECK(check_at_start(database_, *checkpoints_));
    ledger_ = TRY(Ledger::open(database_));
    newest_ = TRY(checkpoints_->newest());
    signed_size_ = newest_ ? newest_->size : 0;
    metrics::counts().audit.size = ledger_->size();
    if (ledger_->size() > signed_size_) due_ = std::chrono::steady_clock::now() + kCheckpointTime;
    return {};
}

Writer::~Writer() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Writer::start() {
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
}

void Writer::put(Leaf leaf, Done done) {
    const auto full = fail(Code::audit_unavailable, "too many audit events wait to be written", "try again");
    {
        const std::lock_guard lock(mutex_);
        if (!ending_ && queue_.size() < kMostQueued) {
            queue_.push_back({std::move(leaf), std::move(done)});
            metrics::counts().audit.queued = queue_.size();
            start();
        } else {
            outage_.refuse(1, full.error(), wall_clock_us());
            metrics::counts().audit.refused.add();
        }
    }
    changed_.notify_one();
    if (done) done(full);
}

void Writer::checkpoint(SignedDone done) {
    {
        const std::lock_guard lock(mutex_);
        if (!ending_ && asked_.size() < kMostQueued) {
            asked_.push_back(std::move(done));
            start();
        }
    }
    changed_.notify_one();
    if (done) done(fail(Code::audit_unavailable, "the audit log is busy", "try again"));
}

std::optional<Signed> Writer::newest() const {
    const std::lock_guard lock(mutex_);
    return newest_;
}

Standing Writer::standing() const {
    const std::lock_guard lock(mutex_);
    return {0, newest_, outage_.since_us(), outage_.why(), {}};
}

void Writer::between(Piece piece) {
    {
        const std::lock_guard lock(mutex_);
        pieces_.push_back(std::move(piece));
        start();
    }
    changed_.notify_one();
}

std::optional<std::chrono::steady_clock::time_point> Writer::next_deadline() const {
    return staged_.empty() ? due_ : std::min(commit_at_, due_.value_or(commit_at_));
}

Writer::Turn Writer::take() {
    std::unique_lock lock(mutex_);
    const auto something = [this] { return ending_ || !queue_.empty() || !asked_.empty() || !pieces_.empty(); };
    const auto until = next_deadline();
    while (!something()) {
        if (!until)
            changed_.wait(lock);
        else if (changed_.wait_until(lock, *until) == std::cv_status::timeout)
            break;
    }
    const auto count = std::min(queue_.size(), kMostAtOnce);
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
    Turn turn;
    turn.batch.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
    metrics::counts().audit.queued = queue_.size();
    if (!pieces_.empty()) {
        turn.piece = std::move(pieces_.front());
        pieces_.pop_front();
    }
    turn.last = ending_ && queue_.empty() && pieces_.empty();
    if (queue_.empty()) turn.asked = std::exchange(asked_, {}); // of all that was put before
    const bool must = turn.last || turn.piece || !turn.asked.empty() || outage_.lasts() ||
                      (until && *until <= std::chrono::steady_clock::now());
    turn.patient = !must && std::ranges::all_of(turn.batch, is_patient, &Waiting::leaf);
    return turn;
}

void Writer::work() {
    for (bool last = false; !last;) {
        // Gone before the next wait: a completion holds its caller's executor running.
        auto turn = take();
        if (turn.patient)
            stage(std::move(turn.batch));
        else if (!turn.batch.empty() || !staged_.empty())
            commit(std::move(turn.batch));
        if (turn.piece) (*turn.piece)(database_);
        last = turn.last;
        if (last || !turn.asked.empty() || (staged_.empty() && is_due())) sign(turn.asked);
    }
}

bool Writer::is_due() const {
    return ledger_->size() - signed_size_ >= kCheckpointEvents || (due_ && *due_ <= std::chrono::steady_clock::now());
}

// Of what is on disk: never of events that could still be lost and come back as others.
void Writer::sign(std::vector<SignedDone>& asked) {
    due_.reset();
    if (asked.empty() && ledger_->size() == signed_size_) return;
    const bool news = ledger_->size() != signed_size_;
    const auto began = std::chrono::steady_clock::now();
    const auto made = checkpoints_->make(ledger_->size(), ledger_->root());
    auto& counted = metrics::counts().audit;
    counted.checkpoints.add(std::chrono::steady_clock::now() - began);
    if (made) {
        counted.unsigned_since_us = 0;
        signed_size_ = made->size;
    } else {
        log::error("no checkpoint of the audit log could be kept", {{"why", to_line(made.error())}});
        due_ = std::chrono::steady_clock::now() + kCheckpointTime;
    }
    std::shared_ptr<Checkpointed> checkpointed;
    {
        const std::lock_guard lock(mutex_);
        checkpointed = checkpointed_;
        if (made) newest_ = *made;
    }
    if (made && news && checkpointed) (*checkpointed)(*made);
    for (auto& done : asked) done(made ? made : unavailable(made.error()));
}

void Writer::stage(std::vector<Waiting> batch) {
    const auto staged = ledger_->stage(leaves_of(batch));
    if (staged_.empty()) commit_at_ = std::chrono::steady_clock::now() + kPatience;
    std::ranges::move(batch, std::back_inserter(staged_));
    if (staged) return;
    auto all = std::exchange(staged_, {});
    refuse(all, {}, all.size(), staged.error());
}

void Writer::commit(std::vector<Waiting> batch) {
    auto all = std::exchange(staged_, {});
    const auto asked = all.size() + batch.size();
    auto outage = tell_outage(batch);
    const auto began = std::chrono::steady_clock::now();
    const auto first = ledger_->put(leaves_of(batch));
    std::ranges::move(batch, std::back_inserter(all));
    auto& counted = metrics::counts().audit;
    counted.outage = !first;
    if (!first) return refuse(all, std::move(outage), asked, first.error());
    for (const auto& waiting : all) counted.events.add(waiting.leaf.event.event);
    count(ledger_->size(), std::chrono::steady_clock::now() - began);
    if (outage.lasts()) log::info("the audit log is written again");
    if (!due_) due_ = std::chrono::steady_clock::now() + kCheckpointTime;
    tell(all, *first);
    for (std::size_t i = 0; i < all.size(); ++i) all[i].done(*first + i);
}

void Writer::refuse(std::vector<Waiting>& all, Outage lasting, std::size_t asked, const Error& why) {
    metrics::counts().audit.outage = true;
    metrics::counts().audit.refused.add(asked);
    note_outage(std::move(lasting), asked, why);
    for (auto& waiting : all) waiting.done(unavailable(why));
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

void Writer::on_checkpoint(Checkpointed checkpointed) {
    const std::lock_guard lock(mutex_);
    checkpointed_ = std::make_shared<Checkpointed>(std::move(checkpointed));
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

} // namespace owhale::audit
