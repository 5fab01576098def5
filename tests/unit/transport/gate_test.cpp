#include <boost/asio/use_awaitable.hpp>
#include <sys/socket.h>

#include "base/clock.hpp"
#include "client.hpp"
#include "shared/pairing/http_signature.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::transport;

namespace {

constexpr std::string_view kRight = "Owhale-Password: cmlnaHQ=\r\n"; // "right"
constexpr std::string_view kWrong = "Owhale-Password: d3Jvbmc=\r\n"; // "wrong"

std::string bearer(std::string_view token) {
    return "Authorization: Bearer " + std::string(token) + "\r\n";
}

// Routes that say what reached them.
std::vector<Route> seeing() {
    const Handler show = [](Request& request) -> asio::awaitable<Result<Response>> {
        std::string names;
        for (const auto& [name, value] : request.headers) names += name + " ";
        co_return Response{200,
                           "text/plain",
                           names,
                           {{"Seen", request.who().name},
                            {"Proof", request.proof.text()},
                            {"From", request.connection->peer.describe()}}};
    };
    // Opens a window as the verb does.
    const Handler open = [](Request& request) -> asio::awaitable<Result<Response>> {
        request.connection->step_up = {request.who().name, request.who().session, monotonic_ns() + 60'000'000'000};
        co_return Response{};
    };
    return {{"users.create", show, {}}, {"whoami", show, {}},   {"password.change", show, {}},
            {"stepup.open", open, {}},  {"login", show, {}},    {"tokens.create", show, {}},
            {"runs.list", show, {}},    {"runs.show", show, {}}};
}

std::string create_user(std::string_view fields) {
    return post("/v1/users", "{}", fields);
}

} // namespace

TEST_CASE("a stranger is told to log in, a uid without a role what it lacks") {
    Stage stage;
    auto stranger = stage.connect_tcp();
    auto answer = stranger.ask(post("/v1/runs", "{}"));
    CHECK(status_is(answer, 401));
    CHECK(holds(answer, "\"code\":\"unauthenticated\""));
    CHECK(holds(answer, "WWW-Authenticate: Bearer"));
    CHECK(status_is(stranger.ask(get("/v1/health")), 200));
    auto nobody = stage.connect(FakeIdentity::kNobody);
    answer = nobody.ask(post("/v1/runs", "{}"));
    CHECK(status_is(answer, 403));
    CHECK(holds(answer, "runs_create"));
    CHECK(holds(answer, "sudo owhalectl setup --allow"));
}

TEST_CASE("a refusal says which role it takes and which one has, and who may do it instead") {
    Stage stage({}, seeing());
    auto user = stage.connect(1000);
    auto answer = user.ask(create_user(""));
    CHECK(status_is(answer, 403));
    CHECK(holds(answer, "users.create needs the role admin (users); unix:1000 has agent"));
    answer = user.ask(create_user(bearer("alice+agent")));
    CHECK(holds(answer, "a token for an agent may not users.create"));
    CHECK(holds(answer, "a person has to do this"));
    auto run = stage.connect_run(5);
    answer = run.ask(create_user(""));
    CHECK(holds(answer, "a run may not users.create"));
    CHECK(holds(answer, "do it outside of the cage"));
}

TEST_CASE("a device is told which power it was not given, and what none has") {
    Stage stage({}, seeing());
    const auto proof =
        "Signature: narrow\r\nSignature-Input: x\r\nContent-Digest: " + pairing::digest_field(pairing::digest_of("")) +
        "\r\n";
    auto device = stage.connect_tcp();
    auto answer = device.ask(get("/v1/runs", proof));
    CHECK(status_is(answer, 403));
    CHECK_MESSAGE(holds(answer, "the device laptop may approve, audit and freeze, not runs.list (power: runs)"),
                  answer);
    CHECK_MESSAGE(holds(answer, "powers are never added: pair it again with --can approve,audit,runs,freeze"), answer);
    answer = device.ask(get("/v1/secrets", proof));
    CHECK(holds(answer, "no device may do secrets.list"));
    CHECK(holds(answer, "owhalectl --host https://HOST:PORT login"));
}

TEST_CASE("refusals of verbs that decide are told, others are not") {
    Stage stage({}, seeing());
    auto user = stage.connect(1000);
    CHECK(status_is(user.ask(create_user("")), 403));
    CHECK(status_is(user.ask(create_user(bearer("alice"))), 403)); // without its password
    CHECK(status_is(user.ask(get("/v1/users")), 403));
    auto nobody = stage.connect(FakeIdentity::kNobody);
    CHECK(status_is(nobody.ask(post("/v1/runs", "{}")), 403));
    CHECK_EQ(stage.identity.refusals, std::vector<std::string>{"unix:1000 users.create"});
    CHECK_EQ(stage.identity.questions, std::vector<std::string>{"user:alice users.create"});
}

TEST_CASE("a token is asked for anew with each request, in any case of its scheme") {
    Stage stage({}, seeing());
    auto client = stage.connect_tcp();
    CHECK(holds(client.ask(get("/v1/whoami", bearer("alice"))), "Seen: user:alice\r\n"));
    CHECK(holds(client.ask(get("/v1/whoami", bearer("bob"))), "Seen: user:bob\r\n"));
    CHECK(holds(client.ask(get("/v1/whoami", "Authorization: bearer eve\r\n")), "Seen: user:eve\r\n"));
    CHECK(holds(client.ask(get("/v1/whoami")), "Seen: tcp\r\n"));
    CHECK_EQ(stage.identity.verified, 3);
    for (const auto* other : {"Basic YTpi", "Bearer", "Bearer ", "Token x"})
        CHECK(status_is(client.ask(get("/v1/whoami", "Authorization: " + std::string(other) + "\r\n")), 401));
}

TEST_CASE("cookies are no proof") {
    Stage stage({}, seeing());
    auto client = stage.connect_tcp();
    CHECK(holds(client.ask(get("/v1/whoami", "Cookie: token=alice; Authorization=Bearer alice\r\n")), "Seen: tcp\r\n"));
}

TEST_CASE("handlers never see what proves who asks") {
    Stage stage({}, seeing());
    auto client = stage.connect();
    const auto answer = client.ask(create_user(bearer("alice") + std::string(kRight) + "X-Other: 1\r\n"));
    CHECK(status_is(answer, 200));
    CHECK(answer.ends_with("content-length host x-other "));
}

TEST_CASE("two Authorization or two Owhale-Password headers are refused") {
    Stage stage({}, seeing());
    for (const auto& fields : {bearer("alice") + bearer("bob"), std::string(kRight) + std::string(kRight)}) {
        auto client = stage.connect();
        CHECK(status_is(client.ask(get("/v1/whoami", fields)), 400));
    }
}

TEST_CASE("step-up: the password goes with one act, which is recorded by its digest") {
    Stage stage({}, seeing());
    auto client = stage.connect();
    auto answer = client.ask(create_user(bearer("alice")));
    CHECK(status_is(answer, 403));
    CHECK(holds(answer, "\"code\":\"step_up_required\""));
    CHECK(holds(answer, "Owhale-Password"));
    answer = client.ask(create_user(bearer("alice") + std::string(kRight)));
    CHECK(status_is(answer, 200));
    CHECK(holds(answer, "Proof: password for POST /v1/users "
                        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\r\n"));
    CHECK(status_is(client.ask(create_user(bearer("alice"))), 403)); // it counted for that one alone
    CHECK_EQ(stage.identity.proved, 1);
}

TEST_CASE("step-up: wrong and malformed passwords") {
    Stage stage({}, seeing());
    auto client = stage.connect();
    CHECK(holds(client.ask(create_user(bearer("alice") + std::string(kWrong))), "credentials_wrong"));
    CHECK_EQ(stage.identity.proved, 1);
    for (const auto& bad : {std::string("right"), std::string("cmlnaHQ"), std::string("cmlnaHQ=="), std::string("*"),
                            std::string(1400, 'a')})
        CHECK(status_is(client.ask(create_user(bearer("alice") + "Owhale-Password: " + bad + "\r\n")), 400));
    CHECK_EQ(stage.identity.proved, 1);
}

TEST_CASE("step-up: guesses are limited by a bucket of their own, good ones are not counted") {
    Stage stage({}, seeing());
    auto client = stage.connect();
    for (int i = 0; i < 30; ++i) CHECK(status_is(client.ask(create_user(bearer("alice") + std::string(kRight))), 200));
    for (int i = 0; i < 10; ++i) CHECK(status_is(client.ask(create_user(bearer("alice") + std::string(kWrong))), 401));
    const auto answer = client.ask(create_user(bearer("alice") + std::string(kRight)));
    CHECK(status_is(answer, 429));
    CHECK(holds(answer, "RateLimit: \"step-up\";r=0;t=6\r\n"));
    CHECK_EQ(stage.identity.proved, 40);
    CHECK(status_is(client.ask(post("/v1/login", "{}")), 200)); // logging in is another matter
}

TEST_CASE("step-up: a window is that of one session on one connection") {
    Stage stage({}, seeing());
    auto client = stage.connect();
    CHECK(status_is(client.ask(post("/v1/step-up", "{}", bearer("alice"))), 200));
    CHECK(holds(client.ask(create_user(bearer("alice"))), "Proof: window\r\n"));
    // A copy of the token on another connection; another token of the account, and another account, on this one.
    auto other = stage.connect();
    CHECK(status_is(other.ask(create_user(bearer("alice"))), 403));
    CHECK(status_is(client.ask(create_user(bearer("alice+second"))), 403));
    CHECK(status_is(client.ask(create_user(bearer("bob"))), 403));
    CHECK(status_is(client.ask(create_user("")), 403));
    CHECK(holds(client.ask(create_user(bearer("alice"))), "Proof: window\r\n"));
}

TEST_CASE("step-up: no window on a connection that a proxy may share between clients") {
    Stage stage(seeing(), {{}, {}, nullptr, {*config::parse_address("10.0.0.1")}, {}});
    auto proxy = stage.connect_tcp("10.0.0.1");
    CHECK(status_is(proxy.ask(post("/v1/step-up", "{}", bearer("alice"))), 200));
    CHECK(status_is(proxy.ask(create_user(bearer("alice"))), 403));
}

TEST_CASE("step-up: root on the Unix socket stands above, a uid without an account does not") {
    Stage stage({}, seeing());
    auto root = stage.connect(0);
    CHECK(holds(root.ask(create_user("")), "Proof: root\r\n"));
    auto user = stage.connect(1000);
    CHECK(status_is(user.ask(create_user(kRight)), 403)); // not its permission either
}

TEST_CASE("step-up: an agent's token passes on less than it has without one, its person's does not") {
    Stage stage(seeing(), {});
    auto client = stage.connect();
    CHECK(status_is(client.ask(post("/v1/tokens", "{}", bearer("alice"))), 403));
    CHECK(status_is(client.ask(post("/v1/tokens", "{}", bearer("alice") + std::string(kRight))), 200));
    const auto answer = client.ask(post("/v1/tokens", "{}", bearer("alice+agent")));
    CHECK(status_is(answer, 200));
    CHECK(holds(answer, "Proof: \r\n"));
}

TEST_CASE("a device's signature is the proof of its own request, body and all") {
    Stage stage({}, seeing());
    auto client = stage.connect_tcp();
    const auto fields = [](std::string_view body, std::string_view signature = "good") {
        return "Signature: " + std::string(signature) +
               "\r\nSignature-Input: x\r\nContent-Digest: " + pairing::digest_field(pairing::digest_of(body)) + "\r\n";
    };
    auto answer = client.ask(create_user(fields("{}")));
    CHECK(status_is(answer, 200));
    CHECK(holds(answer, "Seen: device:1\r\n"));
    CHECK(holds(answer, "Proof: signature for POST /v1/users "
                        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\r\n"));
    CHECK_FALSE(holds(answer, "signature content-digest")); // handlers never see it
    CHECK_FALSE(holds(answer, "signature-input"));
    answer = client.ask(create_user(fields("{ }")));
    CHECK(status_is(answer, 401));
    CHECK(holds(answer, "\"code\":\"token_signature\""));
    CHECK(status_is(client.ask(create_user(fields("{}", "bad"))), 401));
    CHECK(status_is(client.ask(create_user("Signature: good\r\n")), 401)); // without a digest
    CHECK(status_is(client.ask(create_user(fields("{}") + bearer("alice"))), 400));
    CHECK(status_is(client.ask(get("/v1/whoami", fields(""))), 200));
    CHECK(status_is(client.ask(get("/v1/whoami", fields("{}"))), 401));
    CHECK_EQ(stage.identity.troubles.size(), 4);
    CHECK_EQ(stage.identity.proved, 0);
}

TEST_CASE("bad signatures are tried at the rate of bad tokens") {
    Stage stage({}, seeing());
    auto client = stage.connect_tcp();
    for (int i = 0; i < 60; ++i) CHECK(status_is(client.ask(get("/v1/whoami", "Signature: bad\r\n")), 401));
    const auto before = stage.identity.verified;
    CHECK(status_is(client.ask(get("/v1/whoami", "Signature: bad\r\n")), 429));
    CHECK_EQ(stage.identity.verified, before);
}

TEST_CASE("who knows a device's id takes nothing from it by bad signatures") {
    Stage stage({}, seeing());
    const auto signed_by = [](std::string_view signature) {
        return get("/v1/whoami", "Signature: " + std::string(signature) + "\r\nSignature-Input: x\r\nContent-Digest: " +
                                     pairing::digest_field(pairing::digest_of("")) + "\r\n");
    };
    auto device = stage.connect_tcp("192.0.2.1"), beside = stage.connect_tcp("192.0.2.1");
    auto stranger = stage.connect_tcp("192.0.2.2");
    // What was not looked at (busy) is no good one.
    CHECK(status_is(stranger.ask(signed_by("early")), 503));
    CHECK(status_is(device.ask(signed_by("good")), 200));
    for (int i = 0; i < 60; ++i) {
        CHECK(status_is(stranger.ask(signed_by("bad")), 401));
        CHECK(status_is(beside.ask(signed_by("bad")), 401));
    }
    CHECK(status_is(stranger.ask(signed_by("bad")), 429));
    CHECK(status_is(device.ask(signed_by("good")), 200));
    // Once it is removed, there is nothing to lose any more.
    CHECK(status_is(beside.ask(signed_by("gone")), 401));
    CHECK(status_is(device.ask(signed_by("good")), 429));
}

TEST_CASE("with somebody else's password nothing but changing it") {
    Stage stage({}, seeing());
    auto client = stage.connect_tcp();
    const auto answer = client.ask(create_user(bearer("new")));
    CHECK(status_is(answer, 403));
    CHECK(holds(answer, "\"code\":\"password_change_required\""));
    CHECK(status_is(client.ask(get("/v1/whoami", bearer("new"))), 200));
    CHECK(status_is(client.ask(post("/v1/password", "{}", bearer("new"))), 200));
    CHECK(status_is(client.ask(get("/v1/runs", bearer("new"))), 403));
    CHECK(status_is(client.ask(get("/v1/health", bearer("new"))), 200));
    CHECK(status_is(client.ask(post("/v1/login", "{}", bearer("new"))), 403));
}

TEST_CASE("a limited client is told when to come back, and its connection lives") {
    Stage stage(seeing(), {{}, {}, nullptr, {}, {}});
    auto client = stage.connect_tcp();
    for (int i = 0; i < 60; ++i) CHECK(status_is(client.ask(get("/v1/health")), 200));
    auto answer = client.ask(get("/v1/health"));
    CHECK(status_is(answer, 429));
    CHECK(holds(answer, "Retry-After: 1\r\n"));
    CHECK(holds(answer, "RateLimit: \"anonymous\";r=0;t=1\r\n"));
    CHECK(holds(answer, "RateLimit-Policy: \"anonymous\";q=60;w=60\r\n"));
    CHECK(status_is(client.ask(post("/v1/runs", "{}")), 429));
    // Neither a new connection nor a header helps; a token has its own bucket.
    auto again = stage.connect_tcp();
    CHECK(status_is(again.ask(get("/v1/health", "X-Forwarded-For: 192.0.2.99\r\nX-Real-IP: 192.0.2.98\r\n")), 429));
    CHECK(status_is(client.ask(get("/v1/whoami", bearer("alice"))), 200));
    stage.now_ns += 1'000'000'000;
    CHECK(status_is(client.ask(get("/v1/health")), 200));
}

TEST_CASE("what waits for one's own runs is free for those who hold a permission") {
    Stage stage(seeing(), {{}, {.api = 60, .api_burst = 5}, nullptr, {}, {}});
    auto client = stage.connect();
    for (int i = 0; i < 100; ++i) CHECK(status_is(client.ask(get("/v1/runs/0190")), 200));
    for (int i = 0; i < 5; ++i) CHECK(status_is(client.ask(get("/v1/runs")), 200)); // a list is not one run
    CHECK(status_is(client.ask(get("/v1/runs")), 429));
    CHECK(status_is(client.ask(get("/v1/whoami")), 429));
    CHECK(status_is(client.ask(get("/v1/nothing")), 429)); // what is not there counts too
    auto nobody = stage.connect(FakeIdentity::kNobody);
    for (int i = 0; i < 5; ++i) nobody.ask(get("/v1/health"));
    CHECK(status_is(nobody.ask(get("/v1/health")), 429));
}

TEST_CASE("tokens are tried at the rate of strangers, and then not even looked at") {
    Stage stage({}, seeing());
    auto client = stage.connect_tcp();
    CHECK(status_is(client.ask(get("/v1/whoami", bearer("alice"))), 200));
    for (int i = 0; i < 60; ++i)
        CHECK(status_is(client.ask(get("/v1/whoami", bearer("bad" + std::to_string(i)))), 401));
    CHECK(status_is(client.ask(get("/v1/whoami", bearer("bad"))), 429));
    CHECK(status_is(client.ask(get("/v1/whoami", bearer("bob"))), 429));
    CHECK(status_is(client.ask(get("/v1/whoami", bearer("alice"))), 200));
    CHECK_EQ(stage.identity.verified, 62);
}

TEST_CASE("a trusted proxy's clients are told apart, and nobody else's claim is believed") {
    Stage stage(seeing(), {{}, {.anonymous = 5}, nullptr, {*config::parse_address("10.0.0.1")}, {}});
    auto proxy = stage.connect_tcp("10.0.0.1");
    const auto of = [](const char* client) { return "X-Forwarded-For: " + std::string(client) + "\r\n"; };
    for (int i = 0; i < 5; ++i) CHECK(status_is(proxy.ask(get("/v1/whoami", of("198.51.100.1"))), 200));
    CHECK(status_is(proxy.ask(get("/v1/whoami", of("198.51.100.1"))), 429));
    const auto answer = proxy.ask(get("/v1/whoami", of("198.51.100.2")));
    CHECK(status_is(answer, 200));
    CHECK(holds(answer, "From: tcp 198.51.100.2\r\n"));
    CHECK(holds(proxy.ask(get("/v1/whoami")), "From: tcp 10.0.0.1\r\n"));
    // The client's own claim stands further left.
    CHECK(status_is(proxy.ask(get("/v1/whoami", of("203.0.113.1, 198.51.100.1"))), 429));
}

TEST_CASE("a stranger's body is not read") {
    Stage stage;
    auto client = stage.connect_tcp();
    client.send("POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
    CHECK(status_is(client.response(), 401)); // while all of the body is still to come
    auto waiting = stage.connect_tcp();
    waiting.send("POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    CHECK(status_is(waiting.response(), 401));
}

TEST_CASE("DNS rebinding: another name is refused, over TCP and in an absolute target too") {
    Stage stage({}, {{}, {}, nullptr, {}, {"box.example"}});
    auto local = stage.connect();
    CHECK(status_is(local.ask("GET /v1/health HTTP/1.1\r\nHost: box.example\r\n\r\n"), 421));
    auto tcp = stage.connect_tcp();
    CHECK(status_is(tcp.ask("GET /v1/health HTTP/1.1\r\nHost: box.example:7717\r\n\r\n"), 200));
    CHECK(status_is(tcp.ask("GET https://box.example/v1/health HTTP/1.1\r\nHost: box.example\r\n\r\n"), 200));
    auto evil = stage.connect_tcp();
    CHECK(status_is(evil.ask("GET /v1/health HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421));
    auto absolute = stage.connect_tcp();
    CHECK(status_is(absolute.ask("GET http://evil.example/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"), 421));
}

TEST_CASE("caps: per run, per address, of all TCP; the Unix socket keeps its places") {
    Stage stage({.max_connections = 8,
                 .max_connections_per_run = 2,
                 .max_connections_per_address = 3,
                 .max_tcp_connections = 4});
    auto run_a = stage.connect_run(5), run_b = stage.connect_run(5), run_c = stage.connect_run(5);
    const auto answer = run_c.response();
    CHECK(status_is(answer, 503));
    CHECK(holds(answer, "this run"));
    std::vector<Client> known;
    for (int i = 0; i < 3; ++i) {
        known.push_back(stage.connect_tcp("192.0.2.1"));
        CHECK(status_is(known.back().ask(get("/v1/health", bearer("alice"))), 200));
    }
    auto fourth = stage.connect_tcp("192.0.2.1");
    CHECK(holds(fourth.response(), "this address"));
    known.push_back(stage.connect_tcp("192.0.2.2"));
    CHECK(status_is(known.back().ask(get("/v1/health", bearer("alice"))), 200));
    auto fifth = stage.connect_tcp("192.0.2.3");
    CHECK(status_is(fifth.response(), 503));
    auto local = stage.connect(1000);
    CHECK(status_is(local.ask(get("/v1/health")), 200));
}

TEST_CASE("slow strangers give way to the next one, who has a token stays") {
    Stage stage({.max_connections = 100, .max_connections_per_address = 4, .max_tcp_connections = 6});
    auto good = stage.connect_tcp("192.0.2.1");
    CHECK(status_is(good.ask(get("/v1/health", bearer("alice"))), 200));
    std::vector<Client> slow;
    for (int i = 0; i < 40; ++i) {
        slow.push_back(stage.connect_tcp(i % 2 == 0 ? "192.0.2.1" : "192.0.2.2"));
        slow.back().send("GET /v1/he");
        stage.settle();
    }
    CHECK(stage.server->connections() <= 6);
    auto newcomer = stage.connect_tcp("192.0.2.1");
    CHECK(status_is(newcomer.ask(get("/v1/health")), 200));
    CHECK(status_is(good.ask(get("/v1/health", bearer("alice"))), 200));
}

TEST_CASE("strangers with slow bodies give way too, and are not waited for when they are turned away") {
    Stage stage({.max_connections = 100, .max_connections_per_address = 4, .max_tcp_connections = 6});
    std::vector<Client> slow;
    for (int i = 0; i < 40; ++i) {
        slow.push_back(stage.connect_tcp(i % 2 == 0 ? "192.0.2.1" : "192.0.2.2"));
        // The one is let in and never ends its body, the other is turned away and never ends it either.
        slow.back().send(i % 4 < 2 ? "POST /v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{"
                                   : "POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{");
        stage.settle();
    }
    CHECK(stage.server->connections() <= 6);
    auto newcomer = stage.connect_tcp("192.0.2.1");
    CHECK(status_is(newcomer.ask(get("/v1/health")), 200));
    auto turned_away = stage.connect_tcp("192.0.2.3");
    const auto began = std::chrono::steady_clock::now();
    CHECK(status_is(turned_away.ask("POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{"), 401));
    CHECK(turned_away.at_end());
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::milliseconds(2500));
}

TEST_CASE("a token that was good is metered from the moment that it was revoked") {
    Stage stage({}, seeing());
    auto client = stage.connect_tcp();
    CHECK(status_is(client.ask(get("/v1/whoami", bearer("alice"))), 200));
    stage.identity.revoked = "alice";
    int refused = 0;
    for (int i = 0; i < 100; ++i) refused += status_is(client.ask(get("/v1/whoami", bearer("alice"))), 401) ? 1 : 0;
    CHECK(refused <= 61);
    CHECK(status_is(client.ask(get("/v1/whoami", bearer("alice"))), 429));
    CHECK(stage.identity.verified <= 62);
}

TEST_CASE("users of this machine are told apart over TCP too") {
    Stage stage({.max_connections_per_address = 2}, seeing());
    auto a = stage.connect_tcp("127.0.0.1", 1000);
    for (int i = 0; i < 60; ++i) CHECK(status_is(a.ask(get("/v1/whoami")), 200));
    for (int i = 0; i < 10; ++i) a.ask(post("/v1/login", "{}"));
    CHECK(status_is(a.ask(get("/v1/whoami")), 429));
    CHECK(holds(a.ask(post("/v1/login", "{}")), "\"login\";r=0"));
    auto other_address = stage.connect_tcp("127.0.0.77", 1000);
    CHECK(status_is(other_address.ask(get("/v1/whoami")), 429));
    auto b = stage.connect_tcp("127.0.0.1", 1001);
    CHECK(status_is(b.ask(get("/v1/whoami")), 200));
    CHECK(status_is(b.ask(post("/v1/login", "{}")), 200));
    // One's own connections take no other's places.
    CHECK(status_is(a.ask(get("/v1/health", bearer("alice"))), 200));
    CHECK(status_is(other_address.ask(get("/v1/health", bearer("alice"))), 200));
    auto third = stage.connect_tcp("127.0.0.1", 1000);
    CHECK(holds(third.response(), "this user"));
    auto mine = stage.connect_tcp("127.0.0.1", 1001);
    CHECK(status_is(mine.ask(get("/v1/health")), 200));
}

TEST_CASE("a proxy on this machine is no user of it") {
    Stage stage(
        seeing(),
        {{.max_connections_per_address = 1}, {.anonymous = 5}, nullptr, {*config::parse_address("127.0.0.1")}, {}});
    auto proxy = stage.connect_tcp("127.0.0.1", 33), second = stage.connect_tcp("127.0.0.1", 33);
    for (int i = 0; i < 5; ++i)
        CHECK(status_is(proxy.ask(get("/v1/whoami", "X-Forwarded-For: 198.51.100.1\r\n")), 200));
    CHECK(status_is(proxy.ask(get("/v1/whoami", "X-Forwarded-For: 198.51.100.1\r\n")), 429));
    CHECK(status_is(second.ask(get("/v1/whoami", "X-Forwarded-For: 198.51.100.2\r\n")), 200));
}
