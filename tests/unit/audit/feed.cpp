#include "audit/feed.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;
using audit::Feed;
namespace asio = boost::asio;

namespace {

struct Side {
    Side() : log(std::move(*audit::Log::open(folder.path()))) {}

    template <typename T> T run(asio::awaitable<T> act) {
        std::optional<T> out;
        asio::co_spawn(io, std::move(act), [&](std::exception_ptr, T value) { out.emplace(std::move(value)); });
        for (int i = 0; i < 100 && !out; ++i) {
            io.restart();
            io.run_one_for(std::chrono::milliseconds(100));
        }
        return std::move(*out);
    }
    std::uint64_t put(audit::EventName name) {
        audit::Event event{name, "unix:1000", "", "ok", "", {}};
        event.data["text"] = "a\n\nb\r\u2028";
        return run(log->append(std::move(event))).value_or(0);
    }
    std::vector<std::uint64_t> after(Feed& feed, std::uint64_t seq, bool& complete, std::size_t most = 1000) {
        io.restart();
        io.poll(); // what the writer has told
        std::vector<std::uint64_t> out;
        for (const auto& event : feed.after(seq, most, complete)) out.push_back(event->seq);
        return out;
    }

    test::Folder folder;
    asio::io_context io;
    std::unique_ptr<audit::Log> log;
};

} // namespace

TEST_CASE("a feed begins after what is there, and tells what is committed, in order and once") {
    Side side;
    side.put("daemon.start");
    auto feed = std::move(*side.run(Feed::open(*side.log)));
    CHECK(feed->last() == 1);
    int woken = 0;
    const auto handle = feed->on_news([&] { ++woken; });
    bool complete = false;
    CHECK(side.after(*feed, 1, complete).empty());
    CHECK(complete);
    for (int i = 0; i < 3; ++i) side.put("run.intent");
    CHECK(side.after(*feed, 1, complete) == std::vector<std::uint64_t>{2, 3, 4});
    CHECK(side.after(*feed, 3, complete) == std::vector<std::uint64_t>{4});
    CHECK(side.after(*feed, 1, complete, 2) == std::vector<std::uint64_t>{2, 3});
    CHECK(complete);
    CHECK(woken == 3);
    CHECK(side.after(*feed, 0, complete).empty());
    CHECK_FALSE(complete); // the first one is in the log alone
}

TEST_CASE("nobody follows, nothing is kept; who comes back finds it in the log") {
    Side side;
    auto feed = std::move(*side.run(Feed::open(*side.log)));
    auto handle = feed->on_news([] {});
    side.put("run.outcome");
    handle.reset();
    side.put("run.intent");
    bool complete = true;
    CHECK(side.after(*feed, 0, complete).empty());
    CHECK_FALSE(complete);
    CHECK(feed->last() == 2);
    CHECK(side.after(*feed, 2, complete).empty());
    CHECK(complete);
}

TEST_CASE("one that lags behind what is kept is told so") {
    Side side;
    auto feed = std::move(*side.run(Feed::open(*side.log)));
    const auto handle = feed->on_news([] {});
    for (std::size_t i = 0; i < Feed::kKept + 10; ++i) side.put("run.intent");
    bool complete = true;
    CHECK(side.after(*feed, 5, complete).empty());
    CHECK_FALSE(complete);
    CHECK(side.after(*feed, 10, complete, 10'000).size() == Feed::kKept);
    CHECK(complete);
}

TEST_CASE("an event stays one line") {
    Side side;
    auto feed = std::move(*side.run(Feed::open(*side.log)));
    const auto handle = feed->on_news([] {});
    side.put("run.intent");
    side.io.restart();
    side.io.poll();
    bool complete = false;
    const auto events = feed->after(0, 1, complete);
    REQUIRE(events.size() == 1);
    CHECK(events[0]->json.find_first_of("\r\n") == std::string::npos);
    CHECK(events[0]->principal == "unix:1000");
}

TEST_CASE("who follows is woken at owhaled's end, though nothing came") {
    Side side;
    auto feed = std::move(*side.run(Feed::open(*side.log)));
    int woken = 0;
    const auto handle = feed->on_news([&] { ++woken; });
    CHECK_FALSE(feed->ending());
    feed->begin_end();
    CHECK(woken == 1);
    CHECK(feed->ending());
    CHECK_FALSE(feed->ended());
    feed->end();
    CHECK(woken == 2);
    CHECK(feed->ended());
}
