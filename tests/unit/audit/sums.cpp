#include "audit/sums.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <chrono>

#include "checks.hpp"
#include "events.hpp"
#include "folder.hpp"

using namespace owhale;
using audit::Sums;
namespace asio = boost::asio;

namespace {

constexpr std::uint64_t kFlood = 100'000;

audit::Event refused(const std::string& peer) {
    audit::Event event{"rate.limited", peer, "", "denied", "", {}};
    event.data = {{"peer", peer}, {"reason", "api"}};
    return event;
}

std::string text_of(const boost::json::object& event, const char* member) {
    return std::string(event.at(member).as_string());
}

struct Side {
    Side() : log(std::move(*audit::Log::open(folder.path()))), sums(io.get_executor(), *log) {}

    void flush() {
        bool done = false;
        asio::co_spawn(io, sums.flush(), [&](const std::exception_ptr&) { done = true; });
        turn([&] { return done; });
    }
    template <typename Condition> void turn(Condition condition) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!condition() && std::chrono::steady_clock::now() < until) io.run_one_for(std::chrono::milliseconds(50));
        CHECK(condition());
    }
    std::vector<boost::json::object> rows() const {
        std::vector<boost::json::object> out;
        for (const auto& row : test::all_of(*log)) out.push_back(boost::json::parse(row.json).as_object());
        return out;
    }
    // What the rows tell: one, or their count.
    std::uint64_t told() const {
        std::uint64_t all = 0;
        for (const auto& row : rows()) {
            const auto* count = row.at("data").as_object().if_contains("count");
            all += count == nullptr ? 1 : count->to_number<std::uint64_t>();
        }
        return all;
    }

    test::Folder folder;
    asio::io_context io;
    std::unique_ptr<audit::Log> log;
    Sums sums;
};

} // namespace

TEST_CASE("a flood of one peer is two rows, which tell how many") {
    Side side;
    for (std::uint64_t i = 0; i < kFlood; ++i) side.sums.put("unix:1000", refused("unix:1000"));
    side.flush();
    CHECK(side.rows().size() == 2);
    CHECK(side.told() == kFlood);
    side.flush();
    CHECK(side.rows().size() == 2); // once
}

TEST_CASE("a flood of as many peers is bounded, too, and a row for many names none of them") {
    Side side;
    for (std::uint64_t i = 0; i < kFlood; ++i) {
        const auto peer = "ip:" + std::to_string(i);
        side.sums.put(peer, refused(peer));
    }
    side.flush();
    const auto rows = side.rows();
    CHECK(rows.size() >= Sums::kMostKeys + 2);
    CHECK(rows.size() <= Sums::kMostKeys + 2 + 12); // a slow machine's minute
    CHECK(side.told() == kFlood);
    CHECK(text_of(rows.back(), "principal") == "(many)");
    CHECK(text_of(rows.back().at("data").as_object(), "peer") == "(many)");
}

TEST_CASE("nobody drowns a user in runs, addresses and subordinate uids of his own") {
    Side side;
    for (std::size_t i = 0; i < 4 * Sums::kMostKeys; ++i)
        for (const auto* sort : {"run:", "ip:", "unix:10000", "local uid 10000"}) {
            const auto peer = sort + std::to_string(i);
            side.sums.put(peer, refused(peer), Sums::Told::singly);
        }
    side.sums.put("unix:1000", refused("unix:1000"), Sums::Told::singly);
    side.flush();
    std::size_t named = 0;
    for (const auto& row : side.rows()) named += text_of(row, "principal") == "unix:1000" ? 1 : 0;
    CHECK(named == 1);
    CHECK(side.told() == 16 * Sums::kMostKeys + 1);
}

TEST_CASE("what is told singly is so for some, and then summed") {
    Side side;
    for (std::uint64_t i = 0; i < 1'000; ++i) side.sums.put("unix:1000", refused("unix:1000"), Sums::Told::singly);
    side.flush();
    CHECK(side.rows().size() >= Sums::kMostSingles + 1);
    CHECK(side.rows().size() <= Sums::kMostSingles + 1 + 6);
    CHECK(side.told() == 1'000);
}

TEST_CASE("who goes on is told of without an end") {
    Side side;
    for (int i = 0; i < 5; ++i) side.sums.put("unix:1000", refused("unix:1000"));
    side.turn([&] { return side.told() == 5; });
    CHECK(side.rows().size() == 2);
    side.sums.put("unix:1000", refused("unix:1000")); // a pause of less than a minute is none
    side.flush();
    CHECK(side.rows().size() == 3);
    CHECK(side.told() == 6);
}
