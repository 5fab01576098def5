#include "audit/log.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>

#include "audit/declared.hpp"
#include "audit/find.hpp"
#include "audit/masked.hpp"
#include "audit/writer.hpp"
#include "store/migrations.hpp"

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

class SqliteLog final : public Log {
public:
    SqliteLog(std::unique_ptr<Writer> writer, store::Database reader)
        : writer_(std::move(writer)), reader_(std::move(reader)) {}

    asio::awaitable<Result<std::uint64_t>> append(Event event) override {
        tell_undeclared(event);
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

    asio::awaitable<Result<std::vector<Row>>> find(Query query) override {
        if (!readers_) readers_.emplace(1);
        co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<std::vector<Row>>)>(
            [this, &query](auto handler) {
                asio::post(*readers_, [this, query = std::move(query),
                                       done = completing<std::vector<Row>>(std::move(handler))]() mutable {
                    const std::lock_guard lock(reading_);
                    done(find_rows(reader_, query));
                });
            },
            asio::use_awaitable);
    }

    void follow(asio::any_io_executor executor, Committed committed) override {
        auto shared = std::make_shared<Committed>(std::move(committed));
        writer_->on_committed([executor = std::move(executor), shared](std::vector<Row> rows) {
            asio::post(executor, [shared, rows = std::move(rows)]() mutable { (*shared)(std::move(rows)); });
        });
    }

    Result<std::vector<std::string>> interrupted() override {
        const std::lock_guard lock(reading_);
        return open_runs(reader_);
    }

private:
    std::unique_ptr<Writer> writer_;
    std::mutex reading_; // guards reader_
    store::Database reader_;
    std::optional<asio::thread_pool> readers_; // from the first find() on: no thread before the broker is confined
};

} // namespace

Result<std::unique_ptr<Log>> Log::open(const std::string& dir) {
    const auto path = dir + "/audit.db";
    auto database = TRY(store::Database::open(path, store::Durability::power));
    CHECK(store::migrate(database, "audit"));
    auto last = TRY(database.prepare("SELECT coalesce(max(seq), 0) FROM events"));
    auto insert =
        TRY(database.prepare("INSERT INTO events (seq, hash, time, event, principal, verb, outcome, run, json)"
                             " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    auto reader = TRY(store::Database::open_to_read(path));
    auto writer = std::make_unique<Writer>(std::move(database), std::move(last), std::move(insert));
    return std::make_unique<SqliteLog>(std::move(writer), std::move(reader));
}

} // namespace owhale::audit
