#include "audit/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <sqlite3.h>
#include <thread>

#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;
using audit::Event;
namespace asio = boost::asio;

namespace {

template <typename T> T await(asio::io_context& io, asio::awaitable<T> operation) {
    std::optional<T> result;
    asio::co_spawn(io, std::move(operation), [&](std::exception_ptr, T value) { result.emplace(std::move(value)); });
    io.restart();
    io.run();
    return std::move(*result);
}

Event intent(std::string run) {
    return {"run.intent", "unix:1000", "runs.create", "pending", std::move(run), {}};
}
Event outcome(std::string run) {
    return {"run.outcome", "unix:1000", "runs.create", "exited", std::move(run), {}};
}

// Goes around owhaled: straight at the file.
std::string tamper(const std::string& path, const char* sql) {
    sqlite3* handle = nullptr;
    REQUIRE_EQ(::sqlite3_open(path.c_str(), &handle), SQLITE_OK);
    char* message = nullptr;
    ::sqlite3_exec(handle, sql, nullptr, nullptr, &message);
    const std::string said = message != nullptr ? message : "done";
    ::sqlite3_free(message);
    ::sqlite3_close(handle);
    return said;
}

} // namespace

TEST_CASE("sequences begin at 1, have no gap, and go on after a restart") {
    const test::Folder folder;
    asio::io_context io;
    for (std::uint64_t start = 0; start < 2; ++start) {
        auto log = audit::Log::open(folder.path());
        REQUIRE(log);
        for (std::uint64_t i = 1; i <= 3; ++i)
            CHECK_EQ(await(io, (*log)->append(intent("r"))).value_or(0), start * 3 + i);
    }
}

TEST_CASE("many at once are each on disk, once, in order") {
    constexpr std::size_t kMany = 500;
    const test::Folder folder;
    asio::io_context io;
    auto log = audit::Log::open(folder.path());
    REQUIRE(log);
    std::vector<std::uint64_t> given;
    for (std::size_t i = 0; i < kMany; ++i)
        asio::co_spawn(io, (*log)->append(intent("r" + std::to_string(i))),
                       [&](std::exception_ptr, Result<std::uint64_t> seq) { given.push_back(seq.value_or(0)); });
    io.run();
    REQUIRE_EQ(given.size(), kMany);
    for (std::size_t i = 0; i < kMany; ++i) CHECK_EQ(given[i], i + 1);
    audit::Query query;
    query.limit = 1000;
    query.newest_first = false;
    const auto rows = await(io, (*log)->find(query));
    REQUIRE(rows);
    REQUIRE_EQ(rows->size(), kMany);
    for (std::size_t i = 0; i < kMany; ++i)
        CHECK_EQ(boost::json::parse((*rows)[i].json).at("run").as_string(), "r" + std::to_string(i));
}

// Nobody waits for it, so it spares the disk a commit: it goes with the next event, or by itself soon after.
TEST_CASE("a run's start waits for the next event, in its order, and not for ever") {
    const test::Folder folder;
    asio::io_context io;
    auto log = audit::Log::open(folder.path());
    REQUIRE(log);
    std::vector<std::pair<std::string, std::uint64_t>> told;
    const auto append = [&](Event event) {
        const auto name = std::string(event.event.text());
        asio::co_spawn(io, (*log)->append(std::move(event)),
                       [&told, name](std::exception_ptr, auto seq) { told.emplace_back(name, seq.value_or(0)); });
    };
    const auto seen = [&] { return await(io, (*log)->newest("run.outcome", "exited")).value_or(std::nullopt); };
    append({"run.start", "unix:1000", "runs.create", "running", "r", {}});
    append(outcome("r"));
    io.run();
    REQUIRE_EQ(told.size(), 2);
    CHECK_EQ(told[0], std::pair<std::string, std::uint64_t>("run.start", 1));
    CHECK_EQ(told[1], std::pair<std::string, std::uint64_t>("run.outcome", 2));
    CHECK(seen());

    append({"run.start", "unix:1000", "runs.create", "running", "s", {}});
    io.restart();
    io.run(); // alone
    REQUIRE_EQ(told.size(), 3);
    CHECK_EQ(told[2].second, 3);

    append({"run.start", "unix:1000", "runs.create", "running", "t", {}});
    io.restart();
    io.poll();
    log->reset(); // what is queued is written as it ends
    io.run();
    REQUIRE_EQ(told.size(), 4);
    CHECK_EQ(told[3].second, 4);
}

TEST_CASE("answers come on the caller's thread") {
    const test::Folder folder;
    asio::io_context io;
    auto log = audit::Log::open(folder.path());
    const auto here = std::this_thread::get_id();
    const auto thread = [&]() -> asio::awaitable<std::thread::id> {
        const auto seq = co_await (*log)->append(intent("r"));
        co_return seq ? std::this_thread::get_id() : std::thread::id();
    };
    CHECK_EQ(await(io, thread()), here);
}

TEST_CASE("an event that cannot be told exactly is not written") {
    const test::Folder folder;
    asio::io_context io;
    auto log = audit::Log::open(folder.path());
    auto event = intent("r");
    event.data["share"] = 0.5;
    CHECK_EQ(await(io, (*log)->append(std::move(event))).error().code, Code::audit_unavailable);
    CHECK_EQ(await(io, (*log)->append(intent("r"))).value_or(0), 1);
}

TEST_CASE("a run is interrupted between its intent and its outcome") {
    const test::Folder folder;
    asio::io_context io;
    {
        auto log = audit::Log::open(folder.path());
        for (auto event : {intent("a"), intent("b"), outcome("a"), intent("c")})
            REQUIRE(await(io, (*log)->append(std::move(event))));
    }
    auto log = audit::Log::open(folder.path());
    CHECK_EQ((*log)->interrupted().value(), std::vector<std::string>{"b", "c"});
    REQUIRE(await(io, (*log)->append(outcome("b"))));
    CHECK_EQ((*log)->interrupted().value(), std::vector<std::string>{"c"});
}

TEST_CASE("the file itself refuses changes") {
    const test::Folder folder;
    asio::io_context io;
    {
        auto log = audit::Log::open(folder.path());
        REQUIRE(await(io, (*log)->append(intent("a"))));
        REQUIRE(await(io, (*log)->append(intent("b"))));
    }
    const auto path = folder / "audit.db";
    CHECK_EQ(tamper(path, "UPDATE events SET principal = 1"), "audit events are never changed");
    CHECK_EQ(tamper(path, "DELETE FROM events WHERE seq = 2"), "audit events are never deleted");
    CHECK_EQ(tamper(path, "INSERT INTO events SELECT 9, time, event, principal, verb, outcome, run, hash FROM events"
                          " WHERE seq = 1"),
             "audit sequence numbers have no gaps");
    CHECK_EQ(tamper(path, "REPLACE INTO events SELECT 1, time, event, principal, verb, outcome, run, hash FROM events"
                          " WHERE seq = 2"),
             "audit sequence numbers have no gaps");
    auto log = audit::Log::open(folder.path());
    CHECK_EQ(await(io, (*log)->find({}))->size(), 2);
}
