#include <fstream>
#include <sys/socket.h>

#include "client.hpp"

#include "checks.hpp"
#include "sanitized.hpp"

using namespace owhale::transport;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kIdleCost = owhale::kAddressSanitized ? 65536 : 8192; // its own bookkeeping counts too

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    statm >> total >> resident;
    return resident * 4096;
}

} // namespace

TEST_CASE("a body over the limit is refused by its length, before and while it comes") {
    Stage stage({.max_body = 10});
    auto client = stage.connect();
    CHECK(client.ask(post("/v1/runs", "0123456789")).ends_with("0123456789"));
    const auto answer = client.ask(post("/v1/runs", "0123456789a"));
    CHECK(status_is(answer, 413));
    CHECK(holds(answer, "\"code\":\"body_too_large\""));
    auto chunked = stage.connect();
    CHECK(status_is(chunked.ask("POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "6\r\n012345\r\n6\r\n678901\r\n0\r\n\r\n"),
                    413));
}

TEST_CASE("a refused client that goes on sending still reads why") {
    Stage stage({.max_body = 10});
    auto client = stage.connect();
    CHECK(status_is(client.ask(post("/v1/runs", std::string(1u << 20, 'x'))), 413));
}

TEST_CASE("a head over 16 KiB is refused") {
    Stage stage;
    auto client = stage.connect();
    CHECK(status_is(client.ask(get("/v1/health", "X: " + std::string(15'000, 'x') + "\r\n")), 200));
    CHECK(status_is(client.ask(get("/v1/health", "X: " + std::string(17'000, 'x') + "\r\n")), 431));
    auto endless = stage.connect();
    CHECK(status_is(endless.ask("GET /" + std::string(20'000, 'x')), 431));
}

TEST_CASE("a slow head, a slow body and an idle connection each have their end") {
    Stage stage({.head_timeout = 40ms, .body_timeout = 40ms, .idle_timeout = 80ms});
    auto head = stage.connect();
    head.send("GET /v1/he");
    CHECK(status_is(head.response(), 408));
    auto body = stage.connect();
    body.send("POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab");
    CHECK(holds(body.response(), "took too long"));
    auto idle = stage.connect();
    CHECK(idle.at_end());
}

TEST_CASE("the head's time does not begin again with every byte") {
    Stage stage({.head_timeout = 60ms});
    auto client = stage.connect();
    int sent = 0;
    std::string answer;
    stage.until([&] {
        if (sent++ < 1000) client.send("G");
        char c = 0;
        return ::recv(client.fd(), &c, 1, MSG_DONTWAIT | MSG_PEEK) > 0;
    });
    CHECK(sent < 500);
    CHECK(status_is(client.response(), 408));
}

TEST_CASE("one user's connections are bounded, and another is served meanwhile") {
    Stage stage({.max_connections = 4, .max_connections_per_uid = 2});
    auto first = stage.connect(1000);
    auto second = stage.connect(1000);
    auto third = stage.connect(1000);
    const auto answer = third.response();
    CHECK(status_is(answer, 503));
    CHECK(holds(answer, "\"code\":\"busy\""));
    CHECK(holds(answer, "Retry-After: 1\r\n"));
    CHECK(third.at_end());
    auto other = stage.connect(1001);
    CHECK(status_is(other.ask(get("/v1/health")), 200));
    first.close();
    REQUIRE(stage.until([&] { return stage.closed.size() == 2; }));
    auto again = stage.connect(1000);
    CHECK(status_is(again.ask(get("/v1/health")), 200));
    auto all = stage.connect(1002);
    auto over = stage.connect(1003);
    CHECK(status_is(over.response(), 503));
}

TEST_CASE("whoever takes all the places, root is served") {
    Stage stage({.max_connections = 64, .max_connections_per_uid = 64, .max_connections_per_run = 4});
    std::vector<Client> crowd;
    for (int i = 0; i < 100; ++i) crowd.push_back(stage.connect(1000 + i % 4));
    CHECK_EQ(stage.server->connections(), 56);
    CHECK(status_is(crowd.back().response(), 503));
    auto run = stage.connect_run(7);
    CHECK(status_is(run.response(), 503));
    auto root = stage.connect(0);
    CHECK(status_is(root.ask(get("/v1/health")), 200));
    // A run that has root's uid is not root.
    auto disguised = stage.connect_run(8, 0);
    CHECK(status_is(disguised.response(), 503));
}

TEST_CASE("without root the places are kept for who started it") {
    Stage stage({.max_connections = 16, .owner = 1000});
    std::vector<Client> crowd;
    for (int i = 0; i < 20; ++i) crowd.push_back(stage.connect(0));
    CHECK_EQ(stage.server->connections(), 14);
    auto owner = stage.connect(1000);
    CHECK(status_is(owner.ask(get("/v1/health")), 200));
}

TEST_CASE("the connections of runs are paid by their uid, and are a quarter at most") {
    Stage stage({.max_connections = 64, .max_connections_per_uid = 12, .max_connections_per_run = 4});
    std::vector<Client> of_runs;
    for (std::uint64_t run = 1; run <= 8; ++run)
        for (int i = 0; i < 4; ++i) of_runs.push_back(stage.connect_run(run));
    CHECK_EQ(stage.server->connections(), 8); // an eighth: the runs of one uid
    CHECK(holds(of_runs.back().response(), "this user's runs"));
    for (std::uint64_t run = 11; run <= 18; ++run)
        for (int i = 0; i < 4; ++i) of_runs.push_back(stage.connect_run(run, 1001 + run % 2));
    CHECK_EQ(stage.server->connections(), 16);
    CHECK(holds(of_runs.back().response(), "runs have too many"));
    std::vector<Client> own;
    for (int i = 0; i < 5; ++i) own.push_back(stage.connect(1000));
    CHECK(status_is(own[3].ask(get("/v1/health")), 200));
    CHECK(holds(own[4].response(), "this user has"));
    of_runs.clear();
    REQUIRE(stage.until([&] { return stage.server->connections() == 4; }));
    auto again = stage.connect_run(1);
    stage.settle();
    CHECK_EQ(stage.server->connections(), 5);
}

TEST_CASE("bodies under way have a budget in common, small ones are always taken") {
    constexpr std::size_t kBody = 1u << 20;
    Stage stage({.max_bodies = 8 * kBody});
    std::vector<Client> crowd;
    const auto half = post("/v1/runs", std::string(kBody, 'x'));
    for (int i = 0; i < 12; ++i) {
        crowd.push_back(stage.connect(1000 + i));
        crowd.back().send(std::string_view(half).substr(0, half.size() - 100));
        stage.settle();
    }
    const auto answer = crowd.back().response();
    CHECK(status_is(answer, 503));
    CHECK(holds(answer, "\"code\":\"busy\""));
    auto small = stage.connect(1000);
    CHECK(status_is(small.ask(post("/v1/runs", std::string(10'000, 'x'))), 200));
    auto root = stage.connect(0);
    CHECK(status_is(root.ask(post("/v1/runs", std::string(kBody / 2, 'x'))), 200));
    crowd.clear();
    REQUIRE(stage.until([&] { return stage.server->connections() == 2; }));
    CHECK(status_is(small.ask(half), 200));
}

TEST_CASE("a client that takes nothing of its answer is let go") {
    Stage stage({.write_timeout = 50ms});
    auto client = stage.connect();
    const auto body = std::string(1u << 20, 'x');
    client.send(post("/v1/runs", body));
    CHECK(stage.until([&] { return stage.closed.size() == 1; }));
}

TEST_CASE("an idle client costs a few KiB") {
    Stage stage;
    std::vector<Client> clients;
    for (int i = 0; i < 50; ++i) clients.push_back(stage.connect());
    for (auto& client : clients) client.ask(get("/v1/health"));
    const auto before = resident_bytes();
    for (int i = 0; i < 900; ++i) clients.push_back(stage.connect());
    for (auto& client : clients) client.ask(get("/v1/health"));
    const auto each = (resident_bytes() - before) / 900;
    MESSAGE("bytes per idle client, both ends: " << each);
    CHECK(each < kIdleCost);
}
