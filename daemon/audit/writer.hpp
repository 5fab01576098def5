// The one writer of the audit log: a thread that commits all that waits in one transaction.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "audit/leaf.hpp"
#include "audit/log.hpp"
#include "audit/outage.hpp"
#include "store/database.hpp"

namespace owhale::audit {

class Writer {
public:
    // Called on the writer's thread with the sequence, once it is on disk, or with audit_unavailable.
    using Done = std::move_only_function<void(Result<std::uint64_t>)>;

    Writer(store::Database database, store::Statement last, store::Statement insert);
    // Writes what is queued, then ends the thread.
    ~Writer();

    // The thread starts with the first call: not before the broker is confined. `done` is always called, at once when
    // the queue is full.
    void put(Leaf leaf, Done done);

    // Called on the writer's thread with what a commit has put on disk, before those who wait for it hear of it.
    using Committed = std::function<void(std::vector<Row>)>;
    void on_committed(Committed committed);

private:
    struct Waiting {
        Leaf leaf;
        Done done;
    };
    void work();
    std::vector<Waiting> take();
    void commit(std::vector<Waiting>& batch);
    Outage tell_outage(std::vector<Waiting>& batch); // as the first of them, if there was one
    void note_outage(Outage lasting, std::size_t refused, const Error& why);
    void tell(std::vector<Waiting>& batch, std::uint64_t first);
    Result<std::uint64_t> store_all(const std::vector<Waiting>& batch); // the first one's sequence

    store::Database database_;
    store::Statement last_, insert_;
    std::mutex mutex_; // guards the five below
    std::condition_variable changed_;
    std::vector<Waiting> queue_;
    Outage outage_;
    bool ending_ = false;
    std::shared_ptr<Committed> committed_;
    std::thread thread_;
};

} // namespace owhale::audit
