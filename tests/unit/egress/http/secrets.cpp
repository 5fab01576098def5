// A host that is trusted with a secret and gives it back, a run that asks for it in every other way: the value stays here.
#include "stage.hpp"

#include "checks.hpp"
#include "egress/http/scrub.hpp"

using namespace stage;

namespace {

const std::string kBearer = "Authorization: Bearer " + kPlaceholder + "\r\n";

std::string get(const std::string& fields, const std::string& target = "/v1/x", const std::string& method = "GET") {
    return method + " " + target + " HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n" + fields + "\r\n";
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string chunked(const std::string& body, std::size_t size) {
    std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < body.size(); at += size) {
        const auto part = body.substr(at, size);
        char digits[20];
        ::snprintf(digits, sizeof digits, "%zx\r\n", part.size());
        text += digits + part + "\r\n";
    }
    return text + "0\r\n\r\n";
}

// The content of a chunked or sized answer.
std::string body_of(const std::string& answer) {
    auto rest = answer.substr(answer.find("\r\n\r\n") + 4);
    if (!holds(answer, "Transfer-Encoding: chunked")) return rest;
    std::string body;
    while (!rest.empty()) {
        const auto size = std::stoul(rest, nullptr, 16);
        rest.erase(0, rest.find("\r\n") + 2);
        body += rest.substr(0, size);
        rest.erase(0, size + 2);
    }
    return body;
}

// What the run reads when the host answers so to a request with the value in it.
std::string echoed(const std::string& answer) {
    Stage stage;
    stage.add_secret();
    stage.reply(answer);
    auto got = stage.ask(get(kBearer));
    stage.finish();
    REQUIRE(stage.seen.size() == 1);
    CHECK(holds(stage.seen[0], "Authorization: Bearer " + kValue + "\r\n"));
    CHECK(holds(stage.seen[0], "ccept-encoding: identity\r\n") != holds(stage.seen[0], "ccept-Encoding: identity\r\n"));
    CHECK(stage.gate().noted == std::vector<std::string>{"api-key"});
    CHECK_FALSE(holds(got, kValue));
    return got;
}

// The request goes on with the placeholder, or not at all, and a line says why.
void stays(const std::string& request, const std::string& why,
           egress::Front front = {egress::Front::Kind::inspected, "api.example.com", 443}) {
    CAPTURE(request);
    Stage stage(std::move(front));
    stage.add_secret();
    stage.reply(ok("yes"));
    stage.ask(request);
    stage.finish();
    REQUIRE(stage.seen.size() == 1);
    CHECK_FALSE(holds(stage.seen[0], kValue));
    CHECK(stage.gate().noted.empty());
    REQUIRE(stage.gate().refused.size() >= 1);
    CHECK(stage.gate().refused[0].rule == "placeholder");
    CHECK(holds(stage.gate().refused[0].reason, why));
}

std::string two_digits(char c, bool upper) {
    const std::string_view digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    return {digits[byte >> 4], digits[byte & 15]};
}

std::string upper_hex(const std::string& text, bool mixed) {
    std::string hex;
    for (const char c : text) hex += two_digits(c, !mixed || hex.size() % 4 != 0);
    return hex;
}

std::string escaped(const std::string& text, const std::string& lead, bool upper = true) {
    std::string out;
    for (const char c : text) out += lead + two_digits(c, upper);
    return out;
}

} // namespace

TEST_CASE("a host that echoes the value") {
    const std::string body = "your key is " + kValue + ", thank you";
    const auto plain = body_of(echoed(ok(body)));
    CHECK(plain.size() == body.size());
    CHECK(plain.starts_with("your key is " + std::string(kValue.size(), '*'))); // its placeholder is longer: no room
    CHECK(plain.ends_with(", thank you"));
    for (const std::size_t size : {1u, 2u, 3u, 5u, 23u, 24u, 25u}) {
        const auto pieces = body_of(echoed(chunked(body, size)));
        CHECK(pieces.size() == body.size());
        CHECK_FALSE(holds(pieces, kValue.substr(0, 8)));
        CHECK_FALSE(holds(pieces, kValue.substr(4)));
        CHECK(pieces.ends_with(", thank you"));
    }
}

// Who chooses what a host sends, and when, sees how much of it is held back.
TEST_CASE("what is held back does not tell a guess that is right from one that is wrong") {
    const auto needles = std::make_shared<owhale::egress::http::Needles>();
    needles->add(kValue, kPlaceholder);
    const auto shown = [&](const std::string& text) {
        owhale::egress::http::Scrubber scrubber(needles);
        std::string out;
        scrubber.push(text, out);
        return out.size();
    };
    auto other = kValue;
    for (std::size_t i = 4; i < other.size(); ++i) other[i] = other[i] == 'z' ? 'y' : 'z';
    CHECK(shown("a guess: " + kValue.substr(0, 12)) < 12);
    for (std::size_t size = 5; size < kValue.size(); ++size) {
        const auto right = kValue.substr(0, size), wrong = other.substr(0, size);
        CHECK(shown("a guess: " + right) == shown("a guess: " + wrong));
        CHECK(shown("a guess: " + upper_hex(right, false)) == shown("a guess: " + upper_hex(wrong, false)));
        CHECK(shown("a guess: " + escaped(right, "%")) == shown("a guess: " + escaped(wrong, "%")));
    }
    const std::string coded = "c2stbGl2ZS0wMTIzNDU2Nzg5YWJj"; // base64 of the value
    for (std::size_t size = 5; size < coded.size(); ++size)
        CHECK(shown("<" + coded.substr(0, size)) == shown("<" + coded.substr(0, 4) + std::string(size - 4, 'q')));
}

TEST_CASE("a host that echoes the value in another form") {
    // base64 of "", "x", "xy" and the value.
    for (const std::string form : {"c2stbGl2ZS0wMTIzNDU2Nzg5YWJjZGVm",
                                   "eHNrLWxpdmUtMDEyMzQ1Njc4OWFiY2RlZg==", "eHlzay1saXZlLTAxMjM0NTY3ODlhYmNkZWY="}) {
        const auto got = body_of(echoed(ok("<" + form + ">")));
        CHECK_FALSE(holds(got, form.substr(6, 16)));
    }
    for (const auto& form : {upper_hex(kValue, false), upper_hex(kValue, true), "9" + upper_hex(kValue, false),
                             "deadbeef" + upper_hex(kValue, true) + "c0ffee"}) {
        const auto got = body_of(echoed(ok(form)));
        CHECK_FALSE(holds(got, form.substr(10, 20)));
        CHECK(got.size() == form.size());
    }
    for (const std::string lead : {"%", "\\u00", "\\x"}) {
        const auto form = escaped(kValue, lead, lead == "%");
        CHECK_FALSE(holds(body_of(echoed(ok("{\"k\":\"" + form + "\"}"))), form.substr(12, 24)));
        CHECK_FALSE(holds(body_of(echoed(chunked(form, 1))), form.substr(12, 24)));
    }
    const auto partly = "sk%2Dlive%2D0123456789abcdef";
    CHECK_FALSE(holds(body_of(echoed(ok(partly))), "0123456789"));
}

TEST_CASE("a host that puts the value into a head") {
    const auto redirect = echoed("HTTP/1.1 302 Found\r\nLocation: https://evil.example/?k=" + kValue +
                                 "\r\nSet-Cookie: k=" + kValue + "\r\nX-Kept: 1\r\nContent-Length: 0\r\n\r\n");
    CHECK(redirect.starts_with("HTTP/1.1 302 Found\r\n"));
    CHECK_FALSE(holds(redirect, "evil.example"));
    CHECK(holds(redirect, "X-Kept: 1"));
    const auto named = echoed("HTTP/1.1 200 " + kValue + "\r\n" + kValue + ": 1\r\nContent-Length: 0\r\n\r\n");
    CHECK(named.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK_FALSE(holds(echoed(ok("", "X-Key: " + escaped(kValue, "%") + "\r\n")), "%6C%69%76%65"));
    CHECK_FALSE(holds(echoed("HTTP/1.1 103 Early Hints\r\nX: " + kValue + "\r\n\r\n" + ok("yes")), "Early"));
    CHECK_FALSE(holds(echoed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;" + kValue +
                             "\r\nyes\r\n0\r\nX: " + kValue + "\r\n\r\n"),
                      "live"));
}

TEST_CASE("a host that sends the value again and again is cut off") {
    std::string many;
    for (int i = 0; i < 20'000; ++i) many += "%41" + kValue;
    CHECK(echoed(ok(many)).size() < 20'000);
}

TEST_CASE("an answer that cannot be searched is refused") {
    for (const std::string coding : {"gzip", "br", "identity, gzip", "x-unknown"})
        CHECK(echoed(ok("xx", "Content-Encoding: " + coding + "\r\n")).starts_with("HTTP/1.1 502"));
    CHECK(echoed("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/24\r\nContent-Length: 4\r\n\r\nsk-l")
              .starts_with("HTTP/1.1 502"));
    CHECK(echoed(ok("xx", "Content-Encoding: identity\r\n")).starts_with("HTTP/1.1 200"));
}

TEST_CASE("a host that stored the value and gives it to another request") {
    Stage stage;
    stage.add_secret();
    stage.reply(ok("stored: " + kValue));
    const auto got = stage.ask(get("Range: bytes=0-10\r\nAccept-Encoding: gzip\r\n"));
    stage.finish();
    CHECK_FALSE(holds(got, kValue));
    CHECK_FALSE(holds(stage.seen.at(0), "Range"));
    CHECK_FALSE(holds(stage.seen.at(0), "gzip"));
    CHECK(stage.gate().refused.at(0).rule == "secret-echoed");
}

TEST_CASE("a placeholder that is worth nothing where it stands") {
    stays(get("", "/v1/x?key=" + kPlaceholder), "URL");
    stays(get("X-Key: " + kPlaceholder + "\r\n"), "X-Key");
    stays(get("Cookie: k=" + kPlaceholder + "\r\n"), "Cookie");
    stays(get("Authorization: " + kPlaceholder + "\r\n"), "not the whole");
    stays(get("Authorization: Bearer " + kPlaceholder + "x\r\n"), "not the whole");
    stays(get("Authorization: bearer " + kPlaceholder + "\r\n"), "not the whole");
    stays(get("Authorization: Bearer  " + kPlaceholder + "\r\n"), "not the whole");
    for (const std::string method : {"TRACE", "trace", "Trace", "TRACK"}) stays(get(kBearer, "/v1/x", method), "TRACE");
    stays("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n" + kBearer + "\r\n", "is not for evil.example",
          {egress::Front::Kind::inspected, "evil.example", 443});
    stays("GET / HTTP/1.1\r\nHost: api.example.com:8443\r\nConnection: close\r\n" + kBearer + "\r\n", "port 8443",
          {egress::Front::Kind::inspected, "api.example.com", 8443});
    stays("GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n" + kBearer + "\r\n",
          "plain HTTP", {egress::Front::Kind::proxy, "", 0});
    stays("GET http://api.example.com:443/ HTTP/1.1\r\nHost: api.example.com:443\r\nConnection: close\r\n" + kBearer +
              "\r\n",
          "plain HTTP", {egress::Front::Kind::proxy, "", 0});
    const std::string body = "key=" + kPlaceholder;
    stays("POST / HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body,
          "body");
}

TEST_CASE("a secret goes by its methods and paths") {
    const auto goes = [](const std::string& method, const std::string& path) {
        Stage stage;
        auto& secret = stage.add_secret();
        secret.hosts[0].methods = {{"GET"}};
        secret.hosts[0].paths = {{"/v1/chat"}};
        stage.reply(ok("yes"));
        stage.ask(get(kBearer, path, method));
        stage.finish();
        return !stage.seen.empty() && holds(stage.seen[0], kValue);
    };
    CHECK(goes("GET", "/v1/chat"));
    CHECK(goes("GET", "/v1/chat/x?y=/../z"));
    CHECK(goes("GET", "/v1/%63hat/x"));
    CHECK(goes("GET", "/v1/chat/@scope%2fname"));
    CHECK_FALSE(goes("GET", "/v1/chat%2fx"));
    CHECK_FALSE(goes("GET", "/v1%2fchat"));
    CHECK_FALSE(goes("GET", "/v1/chat/x%2f..%2f..%2fadmin"));
    CHECK_FALSE(goes("GET", "/v1/chat/%2e%2e%2fadmin"));
    CHECK_FALSE(goes("DELETE", "/v1/chat"));
    CHECK_FALSE(goes("GET", "/v1/chats"));
    CHECK_FALSE(goes("GET", "/V1/chat"));
    CHECK_FALSE(goes("GET", "/v1/chat/../admin"));
    CHECK_FALSE(goes("GET", "/v1/chat/%2e%2e/admin"));
    CHECK_FALSE(goes("GET", "//v1/chat"));
    CHECK_FALSE(goes("GET", "/v1/chat/..%2fadmin"));
}

TEST_CASE("Basic: the whole password") {
    Stage stage;
    stage.add_secret().prefix = "Basic ";
    stage.reply(ok("got eDpzay1saXZlLTAxMjM0NTY3ODlhYmNkZWY="));
    // "x:" and the placeholder.
    const auto got = stage.ask(get("Authorization: Basic eDpvd2hhbGUtN2YzYTliMmM0ZDVlNmY3MDgxOTI=\r\n"));
    stage.finish();
    CHECK(holds(stage.seen.at(0), "Authorization: Basic eDpzay1saXZlLTAxMjM0NTY3ODlhYmNkZWY=\r\n"));
    CHECK_FALSE(holds(got, "NrLWxpdmUtMDEyMzQ1"));
}

TEST_CASE("a value that would break the head, or that is gone") {
    for (const std::string bad : {"a\r\nX: b12345", "abc", " abcdef", ""}) {
        Stage stage;
        stage.add_secret().open = [bad]() -> owhale::Result<owhale::SecretBytes> {
            if (bad.empty()) return owhale::fail(owhale::Code::secret_denied, "it has expired");
            return owhale::SecretBytes(std::string_view(bad));
        };
        stage.reply(ok("yes"));
        const auto got = stage.ask(get(kBearer));
        stage.finish();
        CHECK(got.starts_with("HTTP/1.1 403"));
        CHECK(holds(got, "secret_denied"));
        CHECK(stage.seen.empty());
    }
}

TEST_CASE("a WebSocket: the value in the handshake alone, and nothing of it comes back") {
    Stage stage;
    stage.add_secret();
    std::string asked;
    stage.gate().host = [&](int socket) {
        asked = read_message(socket);
        send_all(socket, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
        const auto said = read_some(socket);
        send_all(socket, "\x81\x18" + kValue + said);
    };
    const int client = stage.connect();
    send_all(client,
             "GET /ws HTTP/1.1\r\nHost: api.example.com\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n" +
                 kBearer + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\nping " + kPlaceholder);
    CHECK(read_message(client).starts_with("HTTP/1.1 101"));
    const auto said = read_all(client);
    stage.finish();
    CHECK(holds(asked, "Bearer " + kValue));
    CHECK(holds(asked, "Upgrade: websocket"));
    CHECK_FALSE(holds(asked, "permessage"));
    CHECK_FALSE(holds(said, kValue));
    CHECK(said.ends_with("ping " + kPlaceholder));
}
