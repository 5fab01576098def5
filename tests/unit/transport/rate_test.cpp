#include "transport/rate_limit.hpp"
#include "transport/rate_table.hpp"

#include "transport/peer_key.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::transport;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kStart = 1'000 * kSecond;

identity::Peer tcp(std::string_view address) {
    identity::Peer peer;
    peer.kind = identity::Peer::Kind::tcp;
    peer.address = config::parse_address(address).value();
    return peer;
}

identity::Peer local(uid_t uid) {
    identity::Peer peer;
    peer.uid = uid;
    return peer;
}

identity::Principal token(const std::string& session) {
    identity::Principal who;
    who.kind = identity::Kind::user;
    who.session = session;
    who.user = "alice";
    return who;
}

// How many of `tries` go through.
int passing(int tries, const std::function<Verdict()>& ask) {
    int passed = 0;
    for (int i = 0; i < tries; ++i) passed += ask() ? 0 : 1;
    return passed;
}

struct Limited {
    explicit Limited(Rates rates = {}) : limit(rates, [this] { return now; }) {}
    std::int64_t now = kStart;
    RateLimit limit;
};

} // namespace

TEST_CASE("a bucket gives its burst at once and then its rate, exactly") {
    RateTable table(16);
    const auto key = table.key("a");
    const auto rate = Rate::per_minute(60, 5);
    for (int i = 0; i < 5; ++i) CHECK(table.take(key, rate, kStart).allowed);
    const auto refused = table.take(key, rate, kStart);
    CHECK_FALSE(refused.allowed);
    CHECK_EQ(refused.wait_ns, kSecond);
    CHECK_FALSE(table.take(key, rate, kStart + kSecond - 1).allowed);
    CHECK(table.take(key, rate, kStart + kSecond).allowed);
    CHECK_FALSE(table.take(key, rate, kStart + kSecond).allowed);
    int passed = 0;
    for (std::int64_t at = kStart + kSecond; at <= kStart + 61 * kSecond; at += kSecond / 10)
        passed += table.take(key, rate, at).allowed ? 1 : 0;
    CHECK_EQ(passed, 60);
}

TEST_CASE("a refused request costs nothing, and one given back is as if it had not been") {
    RateTable table(16);
    const auto key = table.key("a");
    const auto rate = Rate::per_minute(60, 2);
    table.take(key, rate, kStart);
    table.take(key, rate, kStart);
    for (int i = 0; i < 100; ++i) CHECK_FALSE(table.take(key, rate, kStart).allowed);
    CHECK(table.look(key, rate, kStart + kSecond).allowed);
    table.give_back(key, rate, kStart);
    CHECK(table.take(key, rate, kStart).allowed);
    CHECK_FALSE(table.take(key, rate, kStart).allowed);
}

TEST_CASE("the extremes of the settings do not overflow") {
    RateTable table(16);
    const auto slow = Rate::per_minute(1, 1'000'000);
    const auto key = table.key("slow");
    for (int i = 0; i < 1'000'000; ++i) REQUIRE(table.take(key, slow, kStart).allowed);
    const auto refused = table.take(key, slow, kStart);
    CHECK_FALSE(refused.allowed);
    CHECK_EQ(refused.wait_ns, 60 * kSecond);
    const auto fast = Rate::per_minute(1'000'000'000, 1);
    const auto other = table.key("fast");
    CHECK(table.take(other, fast, kStart).allowed);
    CHECK_FALSE(table.take(other, fast, kStart).allowed);
    CHECK(table.take(other, fast, kStart + 60).allowed);
}

TEST_CASE("no number of addresses pushes a limited one out") {
    RateTable table(1024);
    const auto rate = Rate::per_minute(60, 10);
    const auto victim = table.key("the limited one");
    while (table.take(victim, rate, kStart).allowed) {}
    // A hundred times as many others as there are places, each as often as it may.
    for (int i = 0; i < 102'400; ++i) {
        const auto key = table.key("stranger " + std::to_string(i));
        for (int again = 0; again < 3; ++again) table.take(key, rate, kStart);
    }
    CHECK_FALSE(table.take(victim, rate, kStart).allowed);
    CHECK_FALSE(table.take(victim, rate, kStart + kSecond / 2).allowed);
}

TEST_CASE("who changes the address never gets more than the places of a full table allow") {
    RateTable table(64);
    const auto rate = Rate::per_minute(60, 10);
    int passed = 0;
    for (int i = 0; i < 100'000; ++i) passed += table.take(table.key(std::to_string(i)), rate, kStart).allowed ? 1 : 0;
    CHECK(passed <= 64 * 10);
    // And when they have gone, their places are free again.
    CHECK(table.take(table.key("later"), rate, kStart + 11 * kSecond).allowed);
}

TEST_CASE("a million peers fit without touching each other") {
    RateTable table(1u << 21);
    const auto rate = Rate::per_minute(60, 1);
    int early = 0;
    for (int i = 0; i < 1'000'000; ++i) early += table.take(table.key(std::to_string(i)), rate, kStart).allowed ? 0 : 1;
    CHECK(early < 1'000); // groups that overflowed
    int again = 0;
    for (int i = 0; i < 1'000'000; ++i) again += table.take(table.key(std::to_string(i)), rate, kStart).allowed ? 1 : 0;
    CHECK_EQ(again, 0);
    CHECK_EQ(table.places() * RateTable::kBytesEach, 48u << 20);
}

TEST_CASE("a peer is counted by what it cannot change") {
    CHECK(key_of(tcp("::ffff:192.0.2.1")) == key_of(tcp("192.0.2.1")));
    CHECK(key_of(tcp("2001:db8:0:1::1")) == key_of(tcp("2001:db8:0:1:ffff::2")));
    CHECK(key_of(tcp("2001:db8:0:1::1")) != key_of(tcp("2001:db8:0:2::1")));
    CHECK(key_of(tcp("127.0.0.1")) == key_of(tcp("127.9.9.9")));
    CHECK(key_of(tcp("::1")) != key_of(tcp("::2")));
    CHECK(key_of(tcp("192.0.2.1")) != key_of(tcp("192.0.2.2")));
    CHECK(key_of(local(1000)) != key_of(local(1001)));
    auto run = local(1000);
    run.run = 1000;
    CHECK(key_of(run) != key_of(local(1000)));
    auto over_tcp = tcp("127.0.0.1");
    over_tcp.run = 1000;
    CHECK(key_of(run) == key_of(over_tcp));
}

TEST_CASE("ten logins a minute of one peer") {
    Limited stage;
    for (const auto& peer : {tcp("192.0.2.1"), local(1000)}) {
        CHECK_EQ(passing(30, [&] { return stage.limit.login(peer); }), 10);
        const auto excess = stage.limit.login(peer);
        REQUIRE(excess.has_value());
        CHECK_EQ(excess->seconds, 6);
        CHECK_EQ(excess->quota, 10);
    }
    CHECK_EQ(passing(10, [&] { return stage.limit.login(tcp("192.0.2.2")); }), 10);
    stage.now += 6 * kSecond;
    CHECK_FALSE(stage.limit.login(tcp("192.0.2.1")).has_value());
    CHECK(stage.limit.login(tcp("::ffff:192.0.2.1")).has_value());
}

TEST_CASE("uids and tokens have 3000 a minute and 500 at once, strangers 60") {
    Limited stage;
    const identity::Principal nobody;
    CHECK_EQ(passing(1000, [&] { return stage.limit.api(local(1000), nobody); }), 500);
    CHECK_EQ(passing(1000, [&] { return stage.limit.api(tcp("192.0.2.1"), token("a")); }), 500);
    CHECK_EQ(passing(1000, [&] { return stage.limit.api(tcp("192.0.2.1"), token("b")); }), 500);
    CHECK_EQ(passing(1000, [&] { return stage.limit.api(tcp("192.0.2.1"), nobody); }), 60);
    stage.now += kSecond;
    CHECK_EQ(passing(1000, [&] { return stage.limit.api(local(1000), nobody); }), 50);
    CHECK_EQ(passing(1000, [&] { return stage.limit.api(tcp("192.0.2.1"), nobody); }), 1);
}

TEST_CASE("step-up has a bucket of its own, and root none on the Unix socket") {
    Limited stage;
    identity::Principal who;
    CHECK_EQ(passing(30, [&] { return stage.limit.login(local(1000)); }), 10);
    CHECK_EQ(passing(30, [&] { return stage.limit.step_up(local(1000), token("a")); }), 10);
    CHECK_EQ(passing(1000, [&] { return stage.limit.step_up(local(0), token("a")); }), 1000);
    // Over TCP it is the session's: another address does not help, another token is held up by nobody else's guesses.
    CHECK_EQ(passing(30, [&] { return stage.limit.step_up(tcp("192.0.2.1"), token("a")); }), 10);
    CHECK_EQ(passing(30, [&] { return stage.limit.step_up(tcp("192.0.2.2"), token("a")); }), 0);
    CHECK_EQ(passing(30, [&] { return stage.limit.step_up(tcp("192.0.2.2"), token("b")); }), 10);
}

TEST_CASE("who tries tokens is stopped before they are looked at, and shuts out nobody who had a good one") {
    Limited stage;
    const auto peer = tcp("127.0.0.1");
    stage.limit.token_was(true, peer, "good");
    int looked = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto bad = "bad " + std::to_string(i);
        if (stage.limit.before_token(peer, bad)) continue;
        ++looked;
        stage.limit.token_was(false, peer, bad);
    }
    CHECK_EQ(looked, 60);
    CHECK_FALSE(stage.limit.before_token(peer, "good").has_value());
    CHECK(stage.limit.before_token(peer, "never seen").has_value());
    CHECK_FALSE(stage.limit.before_token(tcp("192.0.2.1"), "never seen").has_value());
    stage.now += 2 * kSecond;
    CHECK_FALSE(stage.limit.before_token(peer, "never seen").has_value());
}

TEST_CASE("the answer says how long, by header and by body") {
    const auto response = too_many({"api", 3000, 7});
    CHECK_EQ(response.status, 429);
    const auto header = [&](std::string_view name) {
        for (const auto& [key, value] : response.headers)
            if (key == name) return value;
        return std::string();
    };
    CHECK_EQ(header("Retry-After"), "7");
    CHECK_EQ(header("RateLimit"), "\"api\";r=0;t=7");
    CHECK_EQ(header("RateLimit-Policy"), "\"api\";q=3000;w=60");
    CHECK(response.body.find("\"retry_after\":7") != std::string::npos);
}
