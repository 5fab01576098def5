// What a proxy and a server could read differently is refused, on both sides, and nothing of it goes on.
#include "stage.hpp"

#include "checks.hpp"

using namespace stage;

namespace {

const std::string kHost = "Host: api.example.com\r\n";
const std::string kEnd = "\r\n";

// Refused with a 4xx, and no host was even connected to.
void refused(const std::string& request) {
    CAPTURE(request.substr(0, 200));
    Stage stage;
    stage.reply(ok("never"));
    const auto answer = stage.ask(request, true);
    stage.finish();
    CHECK(answer.starts_with("HTTP/1.1 4"));
    CHECK(answer.find("\nHTTP/1.1") == std::string::npos); // one answer, and the connection is over
    CHECK(stage.seen.empty());
}

// Was passed on as far as its head, but the host never got a whole request.
void broken_body(const std::string& request) {
    CAPTURE(request.substr(0, 200));
    bool whole = false; // the host's thread ends with the stage
    std::string answer;
    {
        Stage stage;
        stage.gate().host = [&](int socket) { whole = read_message(socket).ends_with("0\r\n\r\n"); };
        answer = stage.ask(request, true);
        stage.finish();
    }
    CHECK(answer.starts_with("HTTP/1.1 400"));
    CHECK_FALSE(whole);
}

void refused_answer(const std::string& answer) {
    CAPTURE(answer.substr(0, 200));
    Stage stage;
    stage.gate().host = [&](int socket) {
        read_message(socket);
        send_all(socket, answer);
    };
    const auto got = stage.ask("GET / HTTP/1.1\r\n" + kHost + "Connection: close\r\n" + kEnd);
    CHECK(got.starts_with("HTTP/1.1 502"));
    CHECK(got.find("application/problem+json") != std::string::npos);
}

} // namespace

TEST_CASE("requests that two readers would understand differently") {
    const std::string post = "POST / HTTP/1.1\r\n" + kHost;
    refused(post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    refused(post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n");
    refused(post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello");
    refused(post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello");
    refused(post + "Content-Length: 5, 5\r\n\r\nhello");
    refused(post + "Content-Length: +5\r\n\r\nhello");
    refused(post + "Content-Length: -1\r\n\r\nhello");
    refused(post + "Content-Length: 0x5\r\n\r\nhello");
    refused(post + "Content-Length: 5 \x0b\r\n\r\nhello");
    refused(post + "Content-Length:\r\n\r\nhello");
    refused(post + "Content-Length: 99999999999999999999\r\n\r\nhello");
    refused(post + "Content-Length : 5\r\n\r\nhello");
    refused(post + "Content-Length\t: 5\r\n\r\nhello");
    refused(post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n");
    refused(post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n");
    refused(post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n");
    refused(post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n");
    refused(post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    refused(post + "Transfer-Encoding:\x0b"
                   "chunked\r\n\r\n0\r\n\r\n");
    refused(post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n");
    refused(post + "X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    refused(post + "X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    refused("POST / HTTP/1.0\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    refused("GET / HTTP/1.1\n" + kHost + kEnd);
    refused("GET / HTTP/1.1\r\n" + kHost + "\n");
    refused("GET / HTTP/1.1\r\n" + kHost + kHost + kEnd);
    refused("GET / HTTP/1.1\r\n\r\n");
    refused("GET / HTTP/1.1\r\nHost:\r\n\r\n");
    refused("GET / HTTP/1.1\r\nHost: api.example.com, evil.example\r\n\r\n");
    refused("GET / HTTP/1.1\r\nHost: evil.example@api.example.com\r\n\r\n");
    refused("GET / HTTP/1.1\r\nHost: api.example.com:443:80\r\n\r\n");
    refused("GET / HTTP/1.1\r\nHost: api.example.com/x\r\n\r\n");
    refused("GET / HTTP/1.1\r\n " + kHost + kEnd);
    refused("GET / HTTP/1.1\r\n" + kHost + "X: a\r\n folded\r\n\r\n");
    refused("GET / HTTP/1.1\r\n" + kHost + std::string("X: a\0b\r\n\r\n", 10));
    refused("GET / HTTP/1.1\r\n" + kHost + "X\x7f: a\r\n\r\n");
    refused("GET / HTTP/1.1\r\n" + kHost + "no colon\r\n\r\n");
    refused("GET / HTTP/1.1\r\n" + kHost + ": empty\r\n\r\n");
    refused("GET  / HTTP/1.1\r\n" + kHost + kEnd);
    refused("GET / HTTP/1.1 \r\n" + kHost + kEnd);
    refused("GET / HTTP/1.2\r\n" + kHost + kEnd);
    refused("GET / http/1.1\r\n" + kHost + kEnd);
    refused("GET /a b HTTP/1.1\r\n" + kHost + kEnd);
    refused("GET /\xff HTTP/1.1\r\n" + kHost + kEnd);
    refused("GET /\r\n\r\n");
    refused("G(T / HTTP/1.1\r\n" + kHost + kEnd);
    refused("\r\nGET / HTTP/1.1\r\n" + kHost + kEnd);
    refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    refused("CONNECT api.example.com:443 HTTP/1.1\r\n" + kHost + kEnd);
    refused("GET / HTTP/1.1\r\n" + kHost + "Expect: 200-ok\r\n\r\n");
}

TEST_CASE("paths that two servers would understand differently") {
    for (const std::string path :
         {"/v1/../admin", "/v1/%2e%2e/admin", "/v1/.%2E/admin", "/./x", "/v1/..;/admin", "/v1\\..\\x", "/v1/%00",
          "/v1/%zz", "/v1#x", "//../x", "x", "*", "http:/x", "https://api.example.com/"})
        refused("GET " + path + " HTTP/1.1\r\n" + kHost + kEnd);
}

TEST_CASE("heads without end") {
    refused("GET / HTTP/1.1\r\n" + kHost + "X: " + std::string(40'000, 'a') + "\r\n\r\n");
    refused("GET /" + std::string(40'000, 'a'));
    std::string many = "GET / HTTP/1.1\r\n" + kHost;
    for (int i = 0; i < 101; ++i) many += "X" + std::to_string(i) + ": 1\r\n";
    refused(many + kEnd);
    Stage stage({egress::Front::Kind::proxy, "", 0}, {std::chrono::milliseconds(100), {}, {}});
    const int client = stage.connect();
    send_all(client, "GET / HT");
    CHECK(read_all(client).empty()); // the deadline of a head
}

TEST_CASE("bodies that two readers would cut differently") {
    const std::string head = "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n";
    broken_body(head + "5\nhello\r\n0\r\n\r\n");
    broken_body(head + "5\r\nhello!\r\n0\r\n\r\n");
    broken_body(head + "5\r\nhello\n0\r\n\r\n");
    broken_body(head + "+5\r\nhello\r\n0\r\n\r\n");
    broken_body(head + "0x5\r\nhello\r\n0\r\n\r\n");
    broken_body(head + " 5\r\nhello\r\n0\r\n\r\n");
    broken_body(head + "5 \r\nhello\r\n0\r\n\r\n");
    broken_body(head + "5;a\nb\r\nhello\r\n0\r\n\r\n");
    broken_body(head + "\r\nhello\r\n0\r\n\r\n");
    broken_body(head + "fffffffffffffffff\r\nhello\r\n0\r\n\r\n");
    broken_body(head + "10000000000000005\r\nhello\r\n0\r\n\r\n");
    broken_body(head + "5;" + std::string(5000, 'x') + "\r\nhello\r\n0\r\n\r\n");
    broken_body(head + "0\r\n" + std::string(10'000, 'x') + "\r\n\r\n");
    broken_body(head + "0\r\nX: a\n\r\n\r\n");
    broken_body(head + "5\r\nhel");
    broken_body("POST / HTTP/1.1\r\n" + kHost + "Content-Length: 10\r\n\r\nhello");
}

TEST_CASE("chunk extensions and trailers end here") {
    Stage stage;
    stage.reply(ok("yes"));
    stage.ask("POST / HTTP/1.1\r\n" + kHost +
              "Connection: close\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=\"b\"\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n");
    stage.finish();
    REQUIRE(stage.seen.size() == 1);
    CHECK(stage.seen[0].ends_with("\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
}

TEST_CASE("answers that two readers would understand differently") {
    refused_answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc");
    refused_answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc");
    refused_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc");
    refused_answer("HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n");
    refused_answer("HTTP/1.1 200 OK\nContent-Length: 3\n\nabc");
    refused_answer("HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n");
    refused_answer("HTTP/1.1 20 OK\r\n\r\n");
    refused_answer("HTTP/1.1 2000 OK\r\n\r\n");
    refused_answer("HTTP/2 200 OK\r\n\r\n");
    refused_answer("ICY 200 OK\r\n\r\n");
    refused_answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
    refused_answer("HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n");
    refused_answer("");
    std::string flood;
    for (int i = 0; i < 40; ++i) flood += "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    refused_answer(flood);
}

TEST_CASE("bytes behind an answer are not the next answer") {
    Stage stage;
    stage.reply(ok("first") + ok("forged"));
    const int client = stage.connect();
    const std::string get = "GET / HTTP/1.1\r\n" + kHost + kEnd;
    send_all(client, get);
    CHECK(read_message(client).ends_with("first"));
    send_all(client, get);
    CHECK(read_message(client).ends_with("first"));
}
