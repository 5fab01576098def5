// Requests and answers that pass, and what of them does.
#include <numeric>

#include "stage.hpp"

#include "checks.hpp"

using namespace stage;

namespace {

const egress::Front kProxy{egress::Front::Kind::proxy, "", 0};
const egress::Front kInspected{egress::Front::Kind::inspected, "api.example.com", 443};

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string refused_by(egress::Front front, const std::string& request) {
    Stage stage(std::move(front));
    stage.reply(ok("never"));
    auto got = stage.ask(request);
    stage.finish();
    CHECK(stage.seen.empty());
    return got;
}

} // namespace

TEST_CASE("a request is written anew") {
    Stage stage(kProxy);
    stage.reply("HTTP/1.1 201 Whatever\r\nContent-Length: 5\r\nConnection: X-Gone\r\nX-Gone: 1\r\nAlt-Svc: "
                "h3\r\nX-Kept: 2\r\n\r\nhello");
    const auto got = stage.ask(
        "POST http://API.example.com:80?x=1 HTTP/1.1\r\nhost: api.example.com.\r\nConnection: close, X-Hop\r\n"
        "X-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Authorization: Basic eDp5\r\nProxy-Connection: x\r\nTE: trailers\r\n"
        "Upgrade: h2c\r\nHTTP2-Settings: AAA\r\nX-Kept: \t a b \r\nContent-Length: 3\r\n\r\nabc");
    stage.finish();
    CHECK(got == "HTTP/1.1 201 Created\r\nX-Kept: 2\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
    CHECK(stage.seen.at(0) ==
          "POST /?x=1 HTTP/1.1\r\nHost: api.example.com\r\nX-Kept: a b\r\nContent-Length: 3\r\n\r\nabc");
    CHECK(stage.gate().dialled == std::vector<std::string>{"api.example.com:80"});
    CHECK(stage.gate().admitted.at(0).path == "/");
    CHECK(stage.gate().admitted.at(0).method == "POST");
}

TEST_CASE("a refusal is an answer, and the connection goes on") {
    Stage stage(kProxy);
    stage.gate().allowed = "api.example.com";
    stage.reply(ok("yes"));
    const int client = stage.connect();
    send_all(client, "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    const auto got = read_message(client);
    CHECK(got.starts_with("HTTP/1.1 403 Forbidden\r\n"));
    CHECK(holds(got, "\"code\":\"host_denied\""));
    CHECK(holds(got, "--allow-host evil.example"));
    send_all(client, "GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
    CHECK(read_message(client).ends_with("yes"));
    // Absolute form to another host on a connection that was kept.
    send_all(client, "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    CHECK(read_all(client).starts_with("HTTP/1.1 403"));
    stage.finish();
    CHECK(stage.seen.size() == 1);
}

TEST_CASE("Host, URL and connection name one host") {
    const std::string other = "Host: evil.example\r\nConnection: close\r\n\r\n";
    CHECK(refused_by(kProxy, "GET http://api.example.com/ HTTP/1.1\r\n" + other).starts_with("HTTP/1.1 403"));
    CHECK(refused_by(kInspected, "GET / HTTP/1.1\r\n" + other).starts_with("HTTP/1.1 403"));
    CHECK(refused_by(kInspected, "GET http://evil.example/ HTTP/1.1\r\n" + other).starts_with("HTTP/1.1 403"));
    CHECK(refused_by(kInspected, "GET / HTTP/1.1\r\nHost: api.example.com:80\r\n\r\n").starts_with("HTTP/1.1 403"));
    const egress::Front origin{egress::Front::Kind::origin, "192.0.2.7", 80};
    CHECK(refused_by(origin, "GET / HTTP/1.1\r\n" + other).starts_with("HTTP/1.1 403"));
    CHECK(refused_by(kProxy, "GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n").starts_with("HTTP/1.1 400"));
    Stage stage({egress::Front::Kind::origin, "192.0.2.7", 8080});
    stage.reply(ok("yes"));
    CHECK(stage.ask("GET / HTTP/1.1\r\nHost: 192.0.2.7:8080\r\nConnection: close\r\n\r\n").ends_with("yes"));
    stage.finish();
    CHECK(holds(stage.seen.at(0), "Host: 192.0.2.7:8080\r\n"));
}

TEST_CASE("one connection to a host serves several requests") {
    Stage stage;
    stage.reply(ok("yes"));
    const int client = stage.connect();
    const std::string post = "POST / HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 2\r\n\r\nab";
    send_all(client, post + post + post); // pipelined
    for (int i = 0; i < 3; ++i) CHECK(read_message(client).ends_with("yes"));
    stage.finish();
    CHECK(stage.seen.size() == 3);
    CHECK(stage.gate().dialled == std::vector<std::string>{"tls api.example.com:443"});
    CHECK(stage.gate().admitted.size() == 3);
}

TEST_CASE("a kept connection that the host has closed") {
    Stage stage;
    stage.gate().host = [](int socket) {
        read_message(socket);
        send_all(socket, ok("yes"));
    };
    const int client = stage.connect();
    for (int i = 0; i < 3; ++i) {
        send_all(client, "GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
        CHECK(read_message(client).ends_with("yes"));
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    stage.finish();
    CHECK(stage.gate().dialled.size() == 3);
}

TEST_CASE("hosts that fail") {
    const std::string get = "GET / HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n";
    {
        Stage stage;
        stage.gate().unreachable = true;
        CHECK(stage.ask(get).starts_with("HTTP/1.1 502"));
    }
    for (const std::string cut : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
                                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
        Stage stage;
        stage.gate().host = [&](int socket) {
            read_message(socket);
            send_all(socket, cut);
        };
        const auto got = stage.ask(get);
        CHECK(holds(got, "hello"));
        CHECK_FALSE(got.ends_with("0\r\n\r\n")); // nothing makes it look whole
    }
}

TEST_CASE("100-continue") {
    Stage stage;
    std::string asked, body;
    stage.gate().host = [&](int socket) {
        asked = read_until(socket, "\r\n\r\n");
        send_all(socket, "HTTP/1.1 100 Continue\r\n\r\n");
        body = read_until(socket, "hello");
        send_all(socket, ok("yes"));
    };
    const int client = stage.connect();
    send_all(client, "PUT / HTTP/1.1\r\nHost: api.example.com\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    CHECK(read_until(client, "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    send_all(client, "hello");
    CHECK(read_message(client).ends_with("yes"));
    stage.finish();
    CHECK(holds(asked, "Expect: 100-continue\r\n"));
}

TEST_CASE("an answer that comes while the request is still on its way") {
    Stage stage;
    stage.gate().host = [&](int socket) {
        read_until(socket, "\r\n\r\n");
        send_all(socket, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    const int client = stage.connect();
    send_all(client,
             "PUT / HTTP/1.1\r\nHost: api.example.com\r\nExpect: 100-continue\r\nContent-Length: 500000\r\n\r\n");
    CHECK(read_message(client).starts_with("HTTP/1.1 413"));
}

TEST_CASE("answers without a length, and to those who know no chunks") {
    const std::string answer = "HTTP/1.0 200 OK\r\n\r\nto the end";
    Stage stage;
    stage.gate().host = [&](int socket) {
        read_message(socket);
        send_all(socket, answer);
    };
    CHECK(stage.ask("GET / HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n")
              .ends_with("\r\n\r\na\r\nto the end\r\n0\r\n\r\n"));
    CHECK(stage.ask("GET / HTTP/1.0\r\nHost: api.example.com\r\n\r\n").ends_with("\r\n\r\nto the end"));
}

TEST_CASE("HEAD, 204 and 304 have no body") {
    for (const std::string answer :
         {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"}) {
        Stage stage;
        stage.reply(answer);
        const int client = stage.connect();
        for (int i = 0; i < 2; ++i) {
            send_all(client, "GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
            CHECK(read_until(client, "\r\n\r\n").starts_with(answer.substr(0, 12)));
        }
    }
    Stage stage;
    stage.reply("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n");
    CHECK(holds(stage.ask("HEAD / HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n"),
                "Content-Length: 12345\r\n"));
}

TEST_CASE("events come as they happen") {
    Stage stage;
    stage.add_secret(); // searched, too
    stage.gate().host = [](int socket) {
        read_until(socket, "\r\n\r\n");
        send_all(socket, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 3; ++i) {
            send_all(socket, "9\r\ndata: 1\n\n\r\n");
            if (read_some(socket).empty()) return; // until the run says that it has got it
        }
        send_all(socket, "0\r\n\r\n");
    };
    const int client = stage.connect();
    send_all(client, "POST / HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding: chunked\r\n\r\n");
    CHECK(holds(read_until(client, "\r\n\r\n"), "event-stream"));
    for (int i = 0; i < 3; ++i) {
        CHECK(read_until(client, "data: 1\n\n\r\n").ends_with("9\r\ndata: 1\n\n\r\n"));
        send_all(client, "1\r\nx\r\n");
    }
    CHECK(read_until(client, "0\r\n\r\n") == "0\r\n\r\n");
}

TEST_CASE("a large body, both ways, and a budget") {
    std::string large(20u << 20, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 2654435761u >> 13);
    Stage stage;
    stage.gate().host = [&](int socket) {
        const auto request = read_message(socket);
        send_all(socket, ok(request.substr(request.find("\r\n\r\n") + 4)));
    };
    const int client = stage.connect();
    std::thread sender([&] {
        send_all(client, "POST / HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: " + std::to_string(large.size()) +
                             "\r\n\r\n" + large);
    });
    const auto got = read_message(client);
    sender.join();
    CHECK(got.size() > large.size());
    CHECK(got.ends_with(large));
    stage.finish();
    CHECK(stage.gate().moved > 2 * large.size());
    Stage poor;
    poor.gate().budget = 100'000;
    poor.reply(ok(large));
    CHECK(poor.ask("GET / HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n").size() < 200'000);
}

TEST_CASE("endpoints are upgraded, for what the run knows alone") {
    const std::string host = "Host: api.example.com.owhale.internal\r\nConnection: close\r\n\r\n";
    Stage stage({egress::Front::Kind::origin, "api.example.com.owhale.internal", 80});
    stage.add_secret();
    stage.reply(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: https://api.example.com/v2?x\r\nContent-Length: 0\r\n\r\n");
    const auto got = stage.ask("GET /v1 HTTP/1.1\r\nAuthorization: Bearer " + kPlaceholder + "\r\n" + host);
    stage.finish();
    CHECK(stage.gate().dialled == std::vector<std::string>{"tls api.example.com:443"});
    CHECK(stage.gate().admitted.at(0).host == "api.example.com");
    CHECK(stage.seen.at(0).starts_with("GET /v1 HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: Bearer " + kValue));
    CHECK(holds(got, "Location: http://api.example.com.owhale.internal/v2?x\r\n"));
    const egress::Front other{egress::Front::Kind::origin, "evil.example.owhale.internal", 80};
    CHECK(refused_by(other, "GET / HTTP/1.1\r\nHost: evil.example.owhale.internal\r\nConnection: close\r\n\r\n")
              .starts_with("HTTP/1.1 403"));
}
