#include "audit/log.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>

#include "audit/damaged.hpp"
#include "audit/declared.hpp"
#include "audit/find.hpp"
#include "audit/index/index.hpp"
#include "audit/masked.hpp"
#include "audit/stretch.hpp"
#include "audit/tiles.hpp"
#include "audit/writer.hpp"
#include "base/log.hpp"
#include "store/emptied_log.hpp"
#include "store/failure.hpp"

namespace owhale::audit {
namespace {

namespace asio = boost::asio;

// Calls a coroutine's completion on its own executor, from another thread, and keeps that executor running till then.
template <typename Value, typename Handler> auto completing(Handler handler) {
    auto executor = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
    return [executor, handler = std::move(handler)](Result<Value> result) mutable {
        asio::post(executor, [handler = std::move(handler), result = std::move(result)]() mutable {
            std::move(handler)(std::move(result));
        });
    };
}

Result<std::uint64_t> events_in(store::Database& database) {
    auto last = TRY(database.prepare("SELECT coalesce(max(seq), 0) FROM events"));
    auto row = last.with();
    CHECK(row.next());
    return static_cast<std::uint64_t>(row.integer(0));
}

Result<bool> any_dropped(store::Database& database) {
    auto find = TRY(database.prepare("SELECT 1 FROM drops"));
    auto row = find.with();
    return row.next();
}

class SqliteLog final : public Log {
public:
    SqliteLog(const std::string& dir, std::unique_ptr<Writer> writer, store::Database reader, Tiles tiles,
              std::uint64_t events)
        : index_(dir, events, [this](const Index::Rebuilt& rebuilt) { note_rebuilt(rebuilt); }),
          writer_(std::move(writer)), reserve_(dir), reader_(std::move(reader)), tiles_(std::move(tiles)) {}
    ~SqliteLog() override { index_.stop(); } // it writes, too

    asio::awaitable<Result<std::uint64_t>> append(Event event) override {
        name_device(event);
        tell_undeclared(event);
        CO_CHECK(reserve_.admit(event));
        mask_secrets(event.data);
        auto leaf = make_leaf(std::move(event));
        if (!leaf) {
            auto error = std::move(leaf).error();
            error.code = Code::audit_unavailable;
            co_return std::unexpected(std::move(error));
        }
        co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<std::uint64_t>)>(
            [this, &leaf](auto handler) {
                writer_->put(std::move(*leaf), completing<std::uint64_t>(std::move(handler)));
            },
            asio::use_awaitable);
    }

    void name_devices(DeviceName name) override { device_name_ = std::move(name); }

    asio::awaitable<Result<std::vector<Row>>> find(Query query) override {
        Work<std::vector<Row>> work = [this, query = std::move(query)] { return find_rows(reader_, query); };
        co_return co_await read(std::move(work));
    }

    asio::awaitable<Result<std::vector<Left>>> left_of(std::vector<std::uint64_t> seqs) override {
        Work<std::vector<Left>> work = [this, seqs = std::move(seqs)] { return audit::left_of(reader_, seqs); };
        co_return co_await read(std::move(work));
    }

    asio::awaitable<Result<Page>> page(std::string asker, Query query) override {
        co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<Page>)>(
            [this, &asker, &query](auto handler) {
                index_.page(asker, std::move(query), completing<Page>(std::move(handler)));
            },
            asio::use_awaitable);
    }

    asio::awaitable<Result<Stats>> stats(std::string asker, StatsQuery query) override {
        co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<Stats>)>(
            [this, &asker, &query](auto handler) {
                index_.stats(asker, std::move(query), completing<Stats>(std::move(handler)));
            },
            asio::use_awaitable);
    }

    asio::awaitable<Result<Stretch>> read_on(Span span) override {
        Work<Stretch> work = [this, span] { return read_stretch(reader_, span); };
        co_return co_await read(std::move(work));
    }

    asio::awaitable<Result<Drop>> droppable(Age age) override {
        Work<Drop> work = [this, age] { return find_droppable(reader_, age); };
        co_return co_await read(std::move(work));
    }

    asio::awaitable<Status> note_drop(std::uint64_t through, std::uint64_t told) override {
        WriterWork<std::uint64_t> work = [through, told](store::Database& database) -> Result<std::uint64_t> {
            CHECK(audit::note_drop(database, through, told));
            return through;
        };
        const auto noted = co_await between(std::move(work));
        if (!noted) co_return std::unexpected(noted.error());
        index_.nudge(); // which forgets their words at once
        co_return Status{};
    }

    asio::awaitable<Result<std::uint64_t>> drop_some(std::size_t most) override {
        WriterWork<std::uint64_t> work = [this, most](store::Database& database) -> Result<std::uint64_t> {
            const auto gone = TRY(audit::drop_some(database, most));
            if (gone != 0) dropping_ = true;
            if (gone != 0 || !dropping_ || !TRY(any_dropped(database))) return gone;
            dropping_ = !store::empty_log(database); // or at the next look
            return gone;
        };
        co_return co_await between(std::move(work));
    }

    asio::awaitable<Result<std::optional<Row>>> newest(EventName event, std::string outcome) override {
        Work<std::optional<Row>> work = [this, event, outcome = std::move(outcome)] {
            return newest_row(reader_, event, outcome);
        };
        co_return co_await read(std::move(work));
    }

    asio::awaitable<Result<bool>> has_intent(std::string run) override {
        Work<bool> work = [this, run = std::move(run)] { return audit::has_intent(reader_, run); };
        co_return co_await read(std::move(work));
    }

    const merkle::NoteKey& key() const override { return writer_->key(); }

    asio::awaitable<Result<Signed>> checkpoint() override {
        co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<Signed>)>(
            [this](auto handler) { writer_->checkpoint(completing<Signed>(std::move(handler))); }, asio::use_awaitable);
    }

    asio::awaitable<Result<Signed>> checkpoint_over(std::uint64_t seq) override {
        auto newest = writer_->newest();
        if (newest && newest->size >= seq) co_return *std::move(newest);
        co_return co_await checkpoint();
    }

    Standing standing() override {
        auto standing = writer_->standing();
        standing.indexed = index_.through();
        standing.space = reserve_.look();
        return standing;
    }

    void on_checkpoint(asio::any_io_executor executor, Checkpointed checkpointed) override {
        auto shared = std::make_shared<Checkpointed>(std::move(checkpointed));
        writer_->on_checkpoint([executor = std::move(executor), shared](const Signed& made) {
            asio::post(executor, [shared, made] { (*shared)(made); });
        });
    }

    asio::awaitable<Result<merkle::Proof>> inclusion(std::uint64_t seq, std::uint64_t size) override {
        Work<merkle::Proof> work = [this, seq, size]() -> Result<merkle::Proof> {
            CHECK(has(size));
            if (seq == 0 || seq > size) return fail(Code::invalid_value, "a tree of this size has no such event");
            return merkle::inclusion_proof(seq - 1, size, tiles_.reader());
        };
        co_return co_await read(std::move(work));
    }

    asio::awaitable<Result<merkle::Proof>> consistency(std::uint64_t from, std::uint64_t to) override {
        Work<merkle::Proof> work = [this, from, to]() -> Result<merkle::Proof> {
            CHECK(has(to));
            return merkle::consistency_proof(from, to, tiles_.reader());
        };
        co_return co_await read(std::move(work));
    }

    Result<std::uint64_t> size() override {
        const std::lock_guard lock(reading_);
        return size_now();
    }

    Result<merkle::Hash> root_at(std::uint64_t size) override {
        const std::lock_guard lock(reading_);
        CHECK(has(size));
        return merkle::root_at(size, tiles_.reader());
    }

    void follow(asio::any_io_executor executor, Committed committed) override {
        auto shared = std::make_shared<Committed>(std::move(committed));
        writer_->on_committed([this, executor = std::move(executor), shared](std::vector<Row> rows) {
            index_.nudge();
            asio::post(executor, [shared, rows = std::move(rows)]() mutable { (*shared)(std::move(rows)); });
        });
    }

    Result<std::vector<std::string>> interrupted() override {
        const std::lock_guard lock(reading_);
        return open_runs(reader_);
    }

    Status has_room_for(const Event& event) override { return reserve_.admit(event); }

private:
    template <typename Value> using Work = std::function<Result<Value>()>;

    template <typename Value> using WriterWork = std::function<Result<Value>(store::Database&)>;

    // On the writer's thread, between two batches; answered on the caller's executor.
    template <typename Value> asio::awaitable<Result<Value>> between(WriterWork<Value> work) {
        co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<Value>)>(
            [this, &work](auto handler) {
                writer_->between([work = std::move(work), done = completing<Value>(std::move(handler))](
                                     store::Database& database) mutable { done(work(database)); });
            },
            asio::use_awaitable);
    }

    // On the index's thread.
    void note_rebuilt(const Index::Rebuilt& rebuilt) {
        Event event{"audit.index_rebuilt", "system", "", "ok", "", {}};
        event.data["why"] = rebuilt.why;
        event.data["events"] = rebuilt.events;
        event.data["ms"] = rebuilt.milliseconds;
        auto leaf = make_leaf(std::move(event));
        if (!leaf) return;
        writer_->put(std::move(*leaf), [](const Result<std::uint64_t>& written) {
            if (!written)
                log::error("that the index was made anew could not be noted", {{"why", to_line(written.error())}});
        });
    }

    // On the reading thread, answered on the caller's executor.
    template <typename Value> asio::awaitable<Result<Value>> read(Work<Value> work) {
        if (!readers_) readers_.emplace(1);
        co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<Value>)>(
            [this, &work](auto handler) {
                asio::post(*readers_,
                           [this, work = std::move(work), done = completing<Value>(std::move(handler))]() mutable {
                               const std::lock_guard lock(reading_);
                               done(work());
                           });
            },
            asio::use_awaitable);
    }

    Result<std::uint64_t> size_now() { return events_in(reader_); }

    Status has(std::uint64_t size) {
        const auto now = TRY(size_now());
        if (size <= now) return {};
        return fail(Code::invalid_value, "the log has " + std::to_string(now) + " events, not " + std::to_string(size));
    }

    void name_device(Event& event) const {
        if (!device_name_) return;
        if (auto name = device_name_(event.principal); !name.empty()) event.data["device_name"] = std::move(name);
    }

    Index index_; // outlives the writer, which tells it of what it writes to its end
    std::unique_ptr<Writer> writer_;
    Reserve reserve_;        // of the thread that appends
    DeviceName device_name_; // of the same
    bool dropping_ = true;   // of the writer's thread: the write-ahead log may have bodies that are gone
    std::mutex reading_;     // guards the two below
    store::Database reader_;
    Tiles tiles_;
    std::optional<asio::thread_pool> readers_; // from the first find() on: no thread before the broker is confined
};

// What SQLite cannot read is damage of this log, of which more is known than of any file.
Result<std::unique_ptr<Writer>> open_writer(const std::string& dir) {
    auto writer = Writer::open(dir);
    if (!writer && writer.error().step == store::kDamaged && writer.error().message.starts_with(dir + "/audit.db"))
        return damaged_log(std::move(writer.error().message), dir + "/audit.db", back_or_anew(dir + "/audit.db"));
    return writer;
}

} // namespace

Result<std::unique_ptr<Log>> Log::open(const std::string& dir) {
    auto writer = TRY(open_writer(dir));
    auto reader = TRY(store::Database::open_to_read(dir + "/audit.db"));
    auto tiles = TRY(Tiles::open(reader));
    const auto events = TRY(events_in(reader));
    return std::make_unique<SqliteLog>(dir, std::move(writer), std::move(reader), std::move(tiles), events);
}

} // namespace owhale::audit
