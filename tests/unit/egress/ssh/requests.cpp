#include "egress/ssh/requests.hpp"

#include "egress/ssh/signed_data.hpp"
#include "stage.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::egress::ssh;
using owhale::test::login;
using owhale::test::message;
using owhale::test::number;
using owhale::test::text;

TEST_CASE("a key's fingerprint is what ssh-keygen says, and a signature is checked with each kind of key") {
    const test::SshStage stage;
    for (const std::string name : {"id", "other", "old"}) {
        const auto key = read_key(stage.blob(name));
        REQUIRE(key.has_value());
        CHECK_EQ(key->fingerprint, stage.fingerprint(name));
        for (const std::uint32_t flags : {2u, 4u}) {
            const auto signature = stage.really_signed(name, "data", flags);
            CHECK(verify(*key, signature, "data").has_value());
            CHECK(!verify(*key, signature, "other data").has_value());
            auto forged = signature;
            forged.back() = static_cast<char>(forged.back() ^ 1);
            CHECK(!verify(*key, forged, "data").has_value());
            CHECK(!verify(*key, signature.substr(0, signature.size() - 1), "data").has_value());
            CHECK(!verify(*key, "", "data").has_value());
        }
    }
    // Made with SHA-1, as without flags: not taken.
    CHECK(!verify(*read_key(stage.blob("old")), stage.really_signed("old", "data"), "data").has_value());
    CHECK(!verify(*read_key(stage.blob("id")), stage.really_signed("other", "data"), "data").has_value());
}

TEST_CASE("a certificate is known by the key in it") {
    const test::SshStage stage;
    test::shell("cd " + stage.folder.path() + " && ssh-keygen -q -s old -I x -h -n host id.pub");
    const auto certified = read_key(test::blob_in(stage.file("id-cert.pub")));
    REQUIRE(certified.has_value());
    CHECK_EQ(certified->fingerprint, stage.fingerprint("id"));
    CHECK(verify(*certified, stage.really_signed("id", "data"), "data").has_value());
}

TEST_CASE("keys that are none are refused") {
    for (const auto& blob : {std::string(), text(""), text("ssh-dss") + text("x"), text("ssh-ed25519"),
                             text("ssh-ed25519") + number(0xffffffff) + "x", text("ssh-ed25519") + text("x") + "more",
                             text("ssh-ed25519-cert-v01@openssh.com") + text("nonce")})
        CHECK(!read_key(blob).has_value());
    // A well-formed key whose numbers are none verifies nothing.
    const auto zero = read_key(text("ssh-rsa") + text("") + text(""));
    REQUIRE(zero.has_value());
    CHECK(!verify(*zero, text("rsa-sha2-256") + text("x"), "data").has_value());
    const auto huge = read_key(text("ssh-rsa") + text(std::string(1024, '\x7f')) + text(std::string(1024, '\x7f')));
    CHECK(!verify(*huge, text("rsa-sha2-256") + text(std::string(1024, 'x')), "data").has_value());
    const auto point = read_key(text("ecdsa-sha2-nistp256") + text("nistp256") + text(std::string(65, '\4')));
    CHECK(!verify(*point, text("ecdsa-sha2-nistp256") + text(text("r") + text("s")), "data").has_value());
}

TEST_CASE("what is signed is read, whole, or refused") {
    const std::string key = text("ssh-ed25519") + text(std::string(32, 'k'));
    CHECK(std::holds_alternative<SignedLogin>(*read_signed(login("session", "git", key))));
    CHECK(std::holds_alternative<SignedLogin>(*read_signed(login("session", "git", key, key))));
    CHECK(std::holds_alternative<SignedMessage>(*read_signed(message("git"))));
    for (const auto& data :
         {std::string(), std::string("SSHSIG"), std::string("anything"), login("session", "git", key) + "x",
          login("session", "git", key).substr(1), login("", "git", key), login(std::string(65, 's'), "git", key),
          message("git") + "x", message(""),
          "SSHSIG" + text("git") + text("x") + text("sha512") + text(std::string(64, 'd')),
          "SSHSIG" + text("git") + text("") + text("md5") + text(std::string(16, 'd')),
          "SSHSIG" + text("git") + text("") + text("sha256") + text("short"),
          text("session") + "\x32" + text("git") + text("ssh-userauth") + text("publickey") + "\1" + text("x") +
              text(key),
          text("session") + "\x32" + text("git") + text("ssh-connection") + text("hostbased") + "\1" + text("x") +
              text(key),
          text("session") + "\x32" + text("git") + text("ssh-connection") + text("publickey") + std::string(1, '\0') +
              text("x") + text(key),
          text("session") + "\x33" + text("git") + text("ssh-connection") + text("publickey") + "\1" + text("x") +
              text(key)})
        CHECK(!read_signed(data).has_value());
}

TEST_CASE("lists of keys are read within bounds") {
    const std::string key = text("ssh-ed25519") + text(std::string(32, 'k'));
    const auto one = read_identities("\x0c" + number(2) + text(key) + text("mine") + text("odd") + text("unknown"));
    REQUIRE(one.has_value());
    REQUIRE_EQ(one->size(), 1);
    CHECK_EQ(one->front().comment, "mine");
    CHECK_EQ(write_identities(*one), "\x0c" + number(1) + text(key) + text("mine"));
    CHECK(!read_identities("\x0c" + number(0xffffffff)).has_value());
    CHECK(!read_identities("\x0c" + number(1) + text(key)).has_value());
    CHECK(!read_identities("\x05").has_value());
}
