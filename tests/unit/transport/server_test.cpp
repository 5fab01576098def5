#include <sys/socket.h>

#include "client.hpp"

#include "checks.hpp"

using namespace owhale::transport;

TEST_CASE("requests follow each other on one connection, pipelined ones too") {
    Stage stage;
    auto client = stage.connect();
    CHECK(holds(client.ask(get("/v1/health")), R"({"status":"ok"})"));
    client.send(get("/v1/health") + post("/v1/runs", "body") + get("/v1/nothing"));
    CHECK(status_is(client.response(), 200));
    const auto echoed = client.response();
    CHECK(echoed.ends_with("\r\n\r\nbody"));
    CHECK(holds(echoed, "Seen: unix:1000\r\n"));
    CHECK(status_is(client.response(), 404));
    CHECK_EQ(stage.server->connections(), 1);
}

TEST_CASE("a request may come byte by byte and in chunks") {
    Stage stage;
    auto client = stage.connect();
    for (const char c : post("/v1/runs", "slow")) {
        client.send(std::string_view(&c, 1));
        stage.settle();
    }
    CHECK(client.response().ends_with("\r\n\r\nslow"));
    client.send("POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nover\r\n");
    stage.settle();
    CHECK(client.ask("4;x=y\r\nload\r\n0\r\nOrigin: http://evil.example\r\n\r\n").ends_with("\r\n\r\noverload"));
    CHECK(status_is(client.ask(get("/v1/health")), 200));
}

TEST_CASE("HEAD answers as GET without the body, and the connection stays in step") {
    Stage stage;
    auto client = stage.connect();
    client.send("HEAD /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto head = client.receive([](const std::string& text) { return text.ends_with("\r\n\r\n"); });
    CHECK(holds(head, "Content-Length: 15\r\n"));
    CHECK_FALSE(holds(head, "status\""));
}

TEST_CASE("Connection: close and HTTP/1.0 end after the answer") {
    Stage stage;
    auto client = stage.connect();
    CHECK(holds(client.ask(get("/v1/health", "Connection: close\r\n")), "Connection: close\r\n"));
    CHECK(client.at_end());
    auto old = stage.connect();
    CHECK(status_is(old.ask("GET /v1/health HTTP/1.0\r\n\r\n"), 200));
    CHECK(old.at_end());
    CHECK(stage.until([&] { return stage.closed.size() == 2; }));
}

TEST_CASE("curl's Expect: 100-continue is answered before the body comes") {
    Stage stage;
    auto client = stage.connect();
    client.send("POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    CHECK(status_is(client.response(), 100));
    CHECK(client.ask("ok").ends_with("\r\n\r\nok"));
}

TEST_CASE("a handler that throws costs its request only, and tells nothing") {
    Stage stage;
    auto client = stage.connect();
    const auto answer = client.ask(get("/v1/status"));
    CHECK(status_is(answer, 500));
    CHECK(holds(answer, "\"code\":\"internal\""));
    CHECK_FALSE(holds(answer, "secret detail"));
    CHECK(status_is(client.ask(get("/v1/health")), 200));
}

TEST_CASE("malformed requests get a problem and the end of the connection") {
    Stage stage;
    for (const auto* text :
         {"GET / HTTP/1.1\n\n", "\x16\x03\x01\x02", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/9\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "CONNECT x:1 HTTP/1.1\r\n\r\n",
          "POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: "
          "chunked\r\n\r\n0\r\n\r\n",
          "POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}) {
        INFO(text);
        auto client = stage.connect();
        const auto answer = client.ask(text);
        CHECK(status_is(answer, 400));
        CHECK(holds(answer, "application/problem+json"));
        ::shutdown(client.fd(), SHUT_WR);
        CHECK(client.at_end());
    }
}

TEST_CASE("what is refused before its body leaves no body behind as a second request") {
    Stage stage;
    auto client = stage.connect();
    const auto smuggled = get("/v1/health");
    const auto answer = client.ask("POST /v1/runs HTTP/1.1\r\nHost: evil.example\r\nContent-Length: " +
                                   std::to_string(smuggled.size()) + "\r\n\r\n" + smuggled);
    CHECK(status_is(answer, 421));
    ::shutdown(client.fd(), SHUT_WR);
    CHECK(client.at_end());
}

TEST_CASE("a verb without a message takes no body") {
    Stage stage;
    auto client = stage.connect();
    CHECK(status_is(client.ask("GET /v1/health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"), 400));
    CHECK(status_is(client.ask(get("/v1/health")), 200));
}

TEST_CASE("a client that goes while its handler works is told to the handler at once") {
    Stage stage;
    auto client = stage.connect();
    client.send(get("/v1/runs/x/wait"));
    REQUIRE(stage.until([&] { return stage.waits_begun == 1; }));
    client.close();
    CHECK(stage.until([&] { return stage.waits_cut == 1 && stage.closed.size() == 1; }));
    CHECK_EQ(stage.server->connections(), 0);
}

TEST_CASE("so is one that goes with more requests under way than are read ahead") {
    Stage stage;
    auto client = stage.connect();
    client.send(get("/v1/runs/x/wait"));
    REQUIRE(stage.until([&] { return stage.waits_begun == 1; }));
    client.send(std::string(100'000, 'x'));
    stage.settle();
    CHECK_EQ(stage.waits_cut, 0);
    client.close();
    CHECK(stage.until([&] { return stage.waits_cut == 1; }));
}

TEST_CASE("a client that only stops sending counts as gone and still gets its answer") {
    Stage stage;
    auto client = stage.connect();
    client.send(get("/v1/runs/x/wait"));
    REQUIRE(stage.until([&] { return stage.waits_begun == 1; }));
    ::shutdown(client.fd(), SHUT_WR);
    CHECK(client.response().ends_with("waited"));
    CHECK_EQ(stage.waits_cut, 1);
    CHECK(client.at_end());
}

TEST_CASE("stop: idle connections end, busy ones end with their answer, new ones are refused") {
    Stage stage;
    auto idle = stage.connect();
    auto busy = stage.connect();
    busy.send(get("/v1/runs/x/wait"));
    REQUIRE(stage.until([&] { return stage.waits_begun == 1; }));
    stage.server->stop();
    CHECK(idle.at_end());
    auto late = stage.connect();
    CHECK(status_is(late.response(), 503));
    CHECK_EQ(stage.waits_cut, 0);
    stage.release_waits = true;
    const auto answer = busy.response();
    CHECK(answer.ends_with("waited"));
    CHECK(holds(answer, "Connection: close\r\n"));
    CHECK(stage.until([&] { return stage.server->connections() == 0; }));
    CHECK_EQ(stage.closed.size(), 3);
}
