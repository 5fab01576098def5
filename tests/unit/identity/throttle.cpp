#include "identity/throttle.hpp"

#include "checks.hpp"

using owhale::identity::Throttle;
using Outcome = Throttle::Outcome;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

struct Clocked {
    std::int64_t now = 1;
    Throttle throttle{[this] { return now; }, std::chrono::seconds(900), 8};

    bool wrong(const std::string& key, const std::string& origin = "unix:7") {
        if (throttle.begin(key)) return false;
        throttle.ended(key, Outcome::wrong, origin, origin + " (pid 1, sh)");
        return true;
    }
    // Every failure that is permitted, as soon as it is: how many in this time.
    int tries_in(std::int64_t seconds) {
        int count = 0;
        for (const auto end = now + seconds * kSecond; now < end; now += kSecond) count += wrong("alice");
        return count;
    }
};

} // namespace

TEST_CASE("five are free, then the wait doubles to the ceiling") {
    Clocked it;
    for (int i = 0; i < 5; ++i) CHECK(it.wrong("alice"));
    for (unsigned wait = 1; wait < 900; wait *= 2) {
        const auto delay = it.throttle.begin("alice");
        REQUIRE(delay);
        CHECK_EQ(delay->seconds, wait);
        CHECK_EQ(delay->cause, "unix:7 (pid 1, sh)");
        it.now += wait * kSecond;
        CHECK(it.wrong("alice"));
    }
    CHECK_EQ(it.throttle.begin("alice")->seconds, 900);
    CHECK_FALSE(it.throttle.begin("bob"));
}

TEST_CASE("guessing goes on at about a hundred a day, whatever the pace") {
    Clocked it;
    CHECK_LT(it.tries_in(86'400), 120);
}

TEST_CASE("a quarter of an hour forgets one failure") {
    Clocked it;
    for (int i = 0; i < 5; ++i) it.wrong("alice");
    it.now += 15 * 60 * kSecond;
    CHECK(it.wrong("alice"));
    CHECK(it.throttle.begin("alice"));
    it.now += 90 * 60 * kSecond;
    CHECK_FALSE(it.throttle.begin("alice"));
}

TEST_CASE("a burst is no way around") {
    Clocked it;
    int under_way = 0;
    for (int i = 0; i < 64; ++i) under_way += !it.throttle.begin("alice");
    CHECK_EQ(under_way, 5);
    for (int i = 0; i < 5; ++i) it.throttle.ended("alice", Outcome::untold, "x", "x");
    CHECK_FALSE(it.throttle.begin("alice"));
}

TEST_CASE("the right password takes back its own peer's failures, not others'") {
    Clocked it;
    for (int i = 0; i < 4; ++i) it.wrong("alice", "unix:7");
    REQUIRE_FALSE(it.throttle.begin("alice"));
    it.throttle.ended("alice", Outcome::right, "unix:8", "");
    CHECK(it.wrong("alice", "unix:7"));
    CHECK(it.throttle.begin("alice"));
    it.now += kSecond;
    REQUIRE_FALSE(it.throttle.begin("alice"));
    it.throttle.ended("alice", Outcome::right, "unix:7", "");
    CHECK_EQ(it.throttle.size(), 0);
}

TEST_CASE("memory is bounded, and names at random do not free one that is under attack") {
    Clocked it;
    for (int i = 0; i < 5; ++i) it.wrong("alice");
    it.now += kSecond;
    it.wrong("alice");
    for (int i = 0; i < 1000; ++i) it.wrong("name" + std::to_string(i));
    CHECK_EQ(it.throttle.size(), 8);
    CHECK(it.throttle.begin("alice"));
}
