// The one writer of the audit log: a thread that commits all that waits in one transaction, and signs checkpoints of it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "audit/checkpoints.hpp"
#include "audit/leaf.hpp"
#include "audit/ledger.hpp"
#include "audit/log.hpp"
#include "audit/outage.hpp"
#include "store/database.hpp"

namespace owhale::audit {

class Writer {
public:
    // A checkpoint is due when that many events are newer than the last one, or the first of them is that old.
    static constexpr std::uint64_t kCheckpointEvents = 1024;
    static constexpr std::chrono::seconds kCheckpointTime{10};

    // Called on the writer's thread with the sequence, once it is on disk, or with audit_unavailable.
    using Done = std::move_only_function<void(Result<std::uint64_t>)>;
    using SignedDone = std::move_only_function<void(Result<Signed>)>;

    // DIR/audit.db and DIR/audit.key, made, brought to the newest schema and looked at as check_at_start() says. The file
    // of a log that need not survive the loss of power (a test's) may be opened otherwise.
    static Result<std::unique_ptr<Writer>> open(const std::string& dir,
                                                store::Durability durability = store::Durability::power);
    // Writes what is queued, signs a checkpoint of it, then ends the thread.
    ~Writer();

    // The thread starts with the first call: not before the broker is confined. `done` is always called, at once when
    // the queue is full.
    void put(Leaf leaf, Done done);
    // A checkpoint of all that was put before; the newest one when nothing was.
    void checkpoint(SignedDone done);

    // A piece of work on the log's file, of some milliseconds, between two batches of events. Always called, at the
    // latest when the log is closed.
    using Piece = std::move_only_function<void(store::Database&)>;
    void between(Piece piece);

    // Called on the writer's thread with what a commit has put on disk, before those who wait for it hear of it.
    using Committed = std::function<void(std::vector<Row>)>;
    void on_committed(Committed committed);
    // The same of each checkpoint.
    using Checkpointed = std::function<void(const Signed&)>;
    void on_checkpoint(Checkpointed checkpointed);

    // The newest checkpoint that is kept.
    std::optional<Signed> newest() const;
    // All of it but what the index knows.
    Standing standing() const;

    const merkle::NoteKey& key() const { return checkpoints_->key(); }

private:
    struct Waiting {
        Leaf leaf;
        Done done;
    };
    struct Turn { // what there is to do
        std::vector<Waiting> batch;
        std::vector<SignedDone> asked; // for a checkpoint
        std::optional<Piece> piece;
        bool patient = false; // nothing of it is to be on disk now
        bool last = false;
    };
    explicit Writer(store::Database database) : database_(std::move(database)) {}
    Status look(const std::string& dir);
    void work();
    Turn take();
    std::optional<std::chrono::steady_clock::time_point> next_deadline() const;
    void stage(std::vector<Waiting> batch);
    void commit(std::vector<Waiting> batch); // with what is staged
    void refuse(std::vector<Waiting>& all, Outage lasting, std::size_t asked, const Error& why);
    Outage tell_outage(std::vector<Waiting>& batch); // as the first of them, if there was one
    void note_outage(Outage lasting, std::size_t refused, const Error& why);
    void tell(std::vector<Waiting>& batch, std::uint64_t first);
    bool is_due() const;
    void sign(std::vector<SignedDone>& asked);
    void start(); // the thread; under mutex_

    store::Database database_;
    // Of the writer's thread:
    std::unique_ptr<Ledger> ledger_;
    std::optional<Checkpoints> checkpoints_;
    std::uint64_t signed_size_ = 0;
    std::optional<std::chrono::steady_clock::time_point> due_; // set while there are events that no checkpoint is of
    std::vector<Waiting> staged_;                              // in the log's transaction, which is open
    std::chrono::steady_clock::time_point commit_at_;          // what is staged, at the latest
    mutable std::mutex mutex_;                                 // guards the ten below
    std::condition_variable changed_;
    std::vector<Waiting> queue_;
    std::vector<SignedDone> asked_;
    std::deque<Piece> pieces_;
    std::optional<Signed> newest_;
    Outage outage_;
    bool ending_ = false;
    std::shared_ptr<Committed> committed_;
    std::shared_ptr<Checkpointed> checkpointed_;
    std::thread thread_;
};

} // namespace owhale::audit
