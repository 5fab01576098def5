#include "transport/head.hpp"

#include "checks.hpp"

using namespace owhale;
using transport::parse_head;

namespace {

std::string request(std::string_view fields) {
    return "GET / HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) + "\r\n";
}

Status origin_of(std::string_view text) {
    const auto head = parse_head(text);
    REQUIRE(head.has_value());
    return transport::refuse_pages(*head);
}

Status origin_with(std::string_view fields) {
    return origin_of("GET / HTTP/1.1\r\n" + std::string(fields) + "\r\n");
}

} // namespace

TEST_CASE("a plain head is read") {
    const auto head = parse_head("POST /v1/runs?x=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n"
                                 "Prefer:  wait=5\t\r\nPrefer: respond-async\r\n\r\n");
    REQUIRE(head.has_value());
    CHECK_EQ(head->method, "POST");
    CHECK_EQ(head->target, "/v1/runs?x=1");
    CHECK_EQ(head->content_length, 12);
    CHECK_EQ(head->field("prefer"), "wait=5, respond-async");
    CHECK(head->lists("prefer", "WAIT=5"));
    CHECK(head->keep_alive());
    CHECK(head->has_body());
    CHECK_FALSE(head->upgrade());
}

TEST_CASE("what two readers could understand differently is refused") {
    for (const auto* text : {
             "GET / HTTP/1.1\nHost: a\n\n",                  // bare LF
             "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",            // bare CR
             "GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",         // LF inside a value
             "GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",    // obs-fold
             "GET / HTTP/1.1\r\n A: b\r\n\r\n",              // space before the first name
             "GET / HTTP/1.1\r\nHost : a\r\n\r\n",           // space before the colon
             "GET / HTTP/1.1\r\nno colon\r\n\r\n",           //
             "GET / HTTP/1.1\r\n: empty name\r\n\r\n",       //
             "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", //
             "GET  / HTTP/1.1\r\n\r\n",                      // two spaces
             "GET / x HTTP/1.1\r\n\r\n",                     // space in the target
             "GET /\r\n\r\n",                                // HTTP/0.9
             "GET / HTTP/2.0\r\n\r\n",                       //
             "GET / http/1.1\r\n\r\n",                       //
             "G\x01T / HTTP/1.1\r\n\r\n",                    //
             "\r\nGET / HTTP/1.1\r\n\r\n",                   //
             "\r\n\r\n",                                     //
         }) {
        INFO(text);
        CHECK_FALSE(parse_head(text).has_value());
    }
    CHECK_FALSE(parse_head(std::string_view("GET / HTTP/1.1\r\nA: \0\r\n\r\n", 24)).has_value());
}

TEST_CASE("framing is said once and in one way") {
    for (const auto* fields :
         {"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 1\r\nContent-Length: 1\r\n",
          "Content-Length: 1, 1\r\n", "Content-Length: +1\r\n", "Content-Length: -1\r\n", "Content-Length: 0x1\r\n",
          "Content-Length:\r\n", "Content-Length: 99999999999999999999\r\n", "Transfer-Encoding: gzip, chunked\r\n",
          "Transfer-Encoding: identity\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: xchunked\r\n"}) {
        INFO(fields);
        CHECK_FALSE(parse_head(request(fields)).has_value());
    }
    CHECK(parse_head(request("Transfer-Encoding: Chunked\r\n"))->chunked);
    CHECK_FALSE(parse_head("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").has_value());
}

TEST_CASE("more than a hundred headers are refused") {
    std::string fields;
    for (int i = 0; i < 99; ++i) fields += "X-" + std::to_string(i) + ": 1\r\n";
    CHECK(parse_head(request(fields)).has_value());
    CHECK_FALSE(parse_head(request(fields + "X-99: 1\r\nX-100: 1\r\n")).has_value());
}

TEST_CASE("a browser's page is refused, whatever it says") {
    CHECK(origin_with("Host: localhost\r\nSec-Fetch-Site: none\r\n").has_value());
    for (const auto* field : {"Origin: http://localhost", "Origin: null", "Origin:", "Sec-Fetch-Site: cross-site",
                              "Sec-Fetch-Site: same-site"}) {
        INFO(field);
        const auto answer = origin_with("Host: localhost\r\n" + std::string(field) + "\r\n");
        REQUIRE_FALSE(answer.has_value());
        CHECK_EQ(answer.error().code, Code::origin_not_allowed);
    }
}

TEST_CASE("keep-alive and upgrade follow the Connection header") {
    CHECK_FALSE(parse_head(request("Connection: foo, Close\r\n"))->keep_alive());
    CHECK_FALSE(parse_head("GET / HTTP/1.0\r\n\r\n")->keep_alive());
    CHECK(parse_head("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")->keep_alive());
    CHECK(parse_head(request("Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"))->upgrade());
    CHECK_FALSE(parse_head(request("Upgrade: websocket\r\n"))->upgrade());
}

TEST_CASE("what begins with a prefix is taken out of a list") {
    const auto taken = [](std::string list) {
        auto what = transport::take_prefixed(list, "a.");
        return what + "|" + list;
    };
    CHECK_EQ(taken(""), "|");
    CHECK_EQ(taken("x, y"), "|x, y");
    CHECK_EQ(taken("x,\ta.1 , y"), "1|x, y");
    CHECK_EQ(taken("a.1"), "1|");
    CHECK_EQ(taken("a.1, a.2"), "1,2|"); // which nobody was given
    CHECK_EQ(taken("x, a."), ",|x");
    CHECK_EQ(taken(" ,, x,"), "|x");
}
