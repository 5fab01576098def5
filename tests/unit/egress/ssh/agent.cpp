#include <sys/socket.h>

#include "stage.hpp"
#include "store/migrations.hpp"

#include "checks.hpp"

using namespace owhale;
using test::login;
using test::message;
using test::number;
using test::RawClient;
using test::SshStage;
using test::text;

namespace {
const std::string kNo = "\x05", kYes = "\x06";
const std::string kSession(32, 's');

bool is_signed(const std::string& answer) {
    return answer.starts_with("\x0e");
}
} // namespace

TEST_CASE("only the keys that the profile names are listed, and sign") {
    const SshStage stage({"id"});
    const auto list = stage.run("ssh-add -l");
    CHECK(list.find(stage.fingerprint("id")) != std::string::npos);
    CHECK(list.find(stage.fingerprint("other")) == std::string::npos);
    RawClient client(stage.broker());
    CHECK(is_signed(client.ask(stage.sign_message("id", message("git")))));
    CHECK_EQ(client.ask(stage.sign_message("other", message("git"))), kNo);
    CHECK(stage.gate->refused().find("may not use") != std::string::npos);
    CHECK_EQ(stage.gate->noted(), std::vector<std::string>{"broker ssh-agent git"});
}

TEST_CASE("nothing but listing and signing reaches the agent") {
    const SshStage stage;
    RawClient client(stage.broker());
    for (int type = 0; type < 256; ++type) {
        if (type == 11 || type == 13) continue;
        CHECK_EQ(client.ask(std::string(1, static_cast<char>(type)) + text("junk")), kNo);
    }
    CHECK_EQ(client.ask("\x0b" + std::string("more")), kNo);
    int code = 0;
    stage.run("ssh-keygen -q -t ed25519 -N '' -f fresh; ssh-add fresh", &code);
    CHECK_NE(code, 0);
    stage.run("ssh-add -D", &code);
    CHECK_NE(code, 0);
    stage.run("ssh-add -d id", &code);
    CHECK_NE(code, 0);
    const auto left = test::shell("SSH_AUTH_SOCK=" + stage.real() + " ssh-add -l | wc -l");
    CHECK_EQ(left, "3\n");
    const auto refused = stage.gate->refused();
    CHECK(refused.find("agent-request add a key") != std::string::npos);
    CHECK(refused.find("agent-request remove all keys") != std::string::npos);
    CHECK(refused.find("agent-request lock the agent") != std::string::npos);
}

TEST_CASE("a login is signed for the session and the host that the connection is bound to, and people agree to the "
          "host once") {
    SshStage stage;
    RawClient client(stage.broker());
    REQUIRE_EQ(client.ask(stage.bind_message("other", kSession)), kYes);
    const auto id = stage.blob("id");
    CHECK(is_signed(client.ask(stage.sign_message("id", login(kSession, "git", id)))));
    CHECK(is_signed(client.ask(stage.sign_message("id", login(kSession, "git", id, stage.blob("other"))))));
    // Agreed to for a signature that another host would take is not agreed to for one that is good at this host alone.
    CHECK_EQ(stage.asking.asked(),
             std::vector<std::string>{stage.fingerprint("other") + ",unbound", stage.fingerprint("other")});
    CHECK_EQ(client.ask(stage.sign_message("id", login(std::string(32, 'x'), "git", id))), kNo);
    CHECK_EQ(client.ask(stage.sign_message("id", login(kSession, "git", id, stage.blob("old")))), kNo);
    CHECK_EQ(client.ask(stage.sign_message("id", login(kSession, "git", stage.blob("other")))), kNo);
    CHECK_EQ(client.ask(stage.sign_message("id", login(kSession, "g\nit", id))), kNo);
    CHECK_EQ(client.ask(stage.sign_message("id", "raw data")), kNo);
    CHECK_EQ(client.ask(stage.sign_message("id", message("other-namespace"))), kNo);
    CHECK_EQ(client.ask(stage.sign_message("id", message("git")) + "x"), kNo);
    CHECK_EQ(client.ask("\x0d" + text(id) + text(message("git")) + number(1)), kNo);
    CHECK_EQ(stage.gate->noted().size(), 2);
}

TEST_CASE("a client that binds no session signs messages, but no login") {
    const SshStage stage;
    RawClient client(stage.broker());
    CHECK_EQ(client.ask(stage.sign_message("id", login(kSession, "git", stage.blob("id")))), kNo);
    CHECK(is_signed(client.ask(stage.sign_message("id", message("file")))));
    CHECK(stage.gate->refused().find("does not say to which host") != std::string::npos);
}

TEST_CASE("a forged, forwarded or second binding ends what a connection may ask for") {
    const SshStage stage;
    auto forged = stage.bind_message("other", kSession);
    forged[forged.size() - 3] = static_cast<char>(forged[forged.size() - 3] ^ 1);
    const auto of_another = "\x1b" + text("session-bind@openssh.com") + text(stage.blob("other")) + text(kSession) +
                            text(stage.really_signed("id", kSession)) + std::string(1, '\0');
    for (const auto& bad :
         {forged, of_another, stage.bind_message("other", kSession, true),
          stage.bind_message("other", kSession).substr(0, 80), stage.bind_message("other", std::string(65, 's'))}) {
        RawClient client(stage.broker());
        CHECK_EQ(client.ask(bad), kNo);
        CHECK_EQ(client.ask("\x0b"), kNo);
        CHECK_EQ(client.ask(stage.sign_message("id", message("git"))), kNo);
    }
    RawClient client(stage.broker());
    CHECK_EQ(client.ask(stage.bind_message("other", kSession)), kYes);
    CHECK_EQ(client.ask(stage.bind_message("other", kSession)), kYes);
    CHECK_EQ(client.ask(stage.bind_message("old", std::string(32, 't'))), kNo);
    CHECK_EQ(client.ask("\x0b"), kNo);
}

TEST_CASE("a host that people refuse, or that nobody is asked about, gets no login") {
    SshStage stage;
    stage.asking.allows = false;
    for (int i = 0; i < 2; ++i) {
        RawClient client(stage.broker());
        REQUIRE_EQ(client.ask(stage.bind_message("other", kSession)), kYes);
        CHECK_EQ(client.ask(stage.sign_message("id", login(kSession, "git", stage.blob("id")))), kNo);
    }
    CHECK_EQ(stage.asking.asked().size(), 2); // the desk keeps what people refused
    CHECK(stage.gate->refused().find("a test refuses") != std::string::npos);
    const SshStage silent({}, false);
    RawClient client(silent.broker());
    REQUIRE_EQ(client.ask(silent.bind_message("other", kSession)), kYes);
    CHECK_EQ(client.ask(silent.sign_message("id", login(kSession, "git", silent.blob("id")))), kNo);
    CHECK(silent.asking.asked().empty());
}

TEST_CASE("lengths that are none end the connection, and only that one") {
    const SshStage stage;
    for (const auto& bytes : {number(0), number(0xffffffff), number((256u << 10) + 1)}) {
        RawClient client(stage.broker());
        CHECK(client.send(bytes));
        CHECK_EQ(client.read(), kNo);
        CHECK_EQ(client.read(), "");
    }
    RawClient half(stage.broker());
    CHECK(half.send(number(100) + "\x0b"));
    RawClient client(stage.broker());
    CHECK(client.ask("\x0b").starts_with("\x0c"));
    CHECK_EQ(client.ask("\x0d" + text(std::string(200'000, 'k'))), kNo);
    for (const char c : text("\x0b")) CHECK(client.send(std::string(1, c))); // byte by byte
    CHECK(client.read().starts_with("\x0c"));
}

TEST_CASE("thousands of connections wait their turn") {
    const SshStage stage;
    std::vector<Fd> idle;
    for (int i = 0; i < 100; ++i) idle.push_back(test::connect_to(stage.broker()));
    RawClient late(stage.broker());
    CHECK(late.send(text("\x0b")));
    idle.clear();
    CHECK(late.read().starts_with("\x0c"));
    for (int i = 0; i < 3000; ++i) RawClient gone(stage.broker());
    RawClient client(stage.broker());
    CHECK(client.ask("\x0b").starts_with("\x0c"));
}

TEST_CASE("when the agent has gone, the run is told so") {
    SshStage stage;
    RawClient client(stage.broker());
    CHECK(client.ask("\x0b").starts_with("\x0c"));
    stage.end_real_agent();
    CHECK_EQ(client.ask("\x0b"), kNo);
    CHECK_EQ(client.ask(stage.run("true") + "\x0b"), kNo);
    CHECK(stage.gate->refused().find("agent-gone") != std::string::npos);
}

TEST_CASE("a host that somebody agreed to for this principal is known to its later runs, and to nobody else's") {
    const test::Folder state;
    auto database = store::Database::open(state / "state.db", store::Durability::process);
    REQUIRE(database.has_value());
    REQUIRE(store::migrate(*database, "state").has_value());
    const auto known = egress::ssh::known_hosts(*database);
    {
        SshStage stage({}, true, known);
        RawClient client(stage.broker());
        REQUIRE_EQ(client.ask(stage.bind_message("other", kSession)), kYes);
        CHECK(is_signed(
            client.ask(stage.sign_message("id", login(kSession, "git", stage.blob("id"), stage.blob("other"))))));
        CHECK(known->knows("unix:1000", stage.fingerprint("other")).value_or(false));
        CHECK(!known->knows("unix:1001", stage.fingerprint("other")).value_or(true));
        CHECK(!known->knows("unix:1000", stage.fingerprint("id")).value_or(true));
    }
    const SshStage later({}, false, known);
    REQUIRE(known->add("unix:1000", later.fingerprint("other"), "approval").has_value());
    RawClient client(later.broker());
    REQUIRE_EQ(client.ask(later.bind_message("other", kSession)), kYes);
    CHECK(
        is_signed(client.ask(later.sign_message("id", login(kSession, "git", later.blob("id"), later.blob("other"))))));
    CHECK_EQ(client.ask(later.sign_message("id", login(kSession, "git", later.blob("id")))), kNo);
    CHECK(later.asking.asked().empty());
}
