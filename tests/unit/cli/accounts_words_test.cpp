#include "checks.hpp"
#include "cli/access.hpp"
#include "cli/accounts.hpp"
#include "cli/certificates.hpp"
#include "cli/exit_codes.hpp"
#include "cli/step_up.hpp"

using namespace owhale;
using namespace owhale::cli;

TEST_CASE("what --host takes") {
    const auto host = parse_host("https://owhaled.example.org");
    REQUIRE(host);
    CHECK(host->tls);
    CHECK(host->url() == "https://owhaled.example.org:7717");
    CHECK(parse_host("https://[::1]:8000/")->authority() == "[::1]:8000");
    CHECK(parse_host("http://127.1.2.3:80")->url() == "http://127.1.2.3:80");
    CHECK(parse_host("http://localhost")->port == 7717);
    for (const auto* url :
         {"", "localhost", "http://", "http://localhost:", "http://localhost:0", "http://localhost:65536",
          "http://10.1.2.3", "http://0.0.0.0", "http://[fe80::1]", "http://::1", "https://a b", "https://a/b",
          "https://user@a", "https://a?b", "https://[::1", "https://[::1]x", "HTTPS://a"}) {
        CAPTURE(url);
        CHECK_FALSE(parse_host(url));
    }
}

TEST_CASE("a fingerprint in every spelling that programs print") {
    const std::string plain(64, 'a');
    std::string colons;
    for (int i = 0; i < 32; ++i) colons += i == 0 ? "AA" : ":AA";
    for (const auto& text : {plain, colons, "SHA256:" + plain, "sha256:" + colons,
                             "SHA256:" + std::string("qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo"),
                             std::string("SHA256:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=")}) {
        CAPTURE(text);
        const auto normal = normal_fingerprint(text);
        REQUIRE(normal);
        CHECK(*normal == "SHA256:" + plain);
    }
    for (const std::string text : {"", "SHA256:", "SHA256:aa", "MD5:aa:bb"}) CHECK_FALSE(normal_fingerprint(text));
    CHECK_FALSE(normal_fingerprint(plain + "a"));
}

TEST_CASE("roles and rights in words") {
    CHECK(split({"agent,auditor", "admin", "", ",a,,b,"}) ==
          std::vector<std::string>{"agent", "auditor", "admin", "a", "b"});
    const std::vector<std::string> permissions = {"runs_create", "audit_read:any", "users:any", "of_a_newer_one"};
    CHECK(in_words(permissions, false) == "run commands, of_a_newer_one");
    CHECK(in_words(permissions, true) == "read the audit log, manage accounts, and who may use the socket");
}

TEST_CASE("who may use the socket") {
    CHECK(read_admission("root", true)->subject == "uid:0");
    CHECK(read_admission("@root:agent,auditor", true)->subject == "gid:0");
    CHECK(read_admission("@root:agent,auditor", true)->roles == std::vector<std::string>{"agent", "auditor"});
    CHECK(read_admission("1234", false)->subject == "uid:1234");
    CHECK(read_admission("*", false)->roles == std::vector<std::string>{"agent"});
    CHECK_FALSE(read_admission("root", false)); // of which machine?
    CHECK_FALSE(read_admission("no-such-user", true));
    CHECK_FALSE(read_admission("@no-such-group", true));
    CHECK_FALSE(read_admission("", true));
}

TEST_CASE("exit codes of who is not logged in") {
    for (const auto code : {Code::unauthenticated, Code::credentials_wrong, Code::token_expired, Code::token_revoked,
                            Code::step_up_required, Code::password_change_required})
        CHECK(exit_of(Error{code, "", "", 0, {}}, Exits::plain) == kLogin);
    CHECK(exit_of(Error{Code::forbidden, "", "", 0, {}}, Exits::plain) == kDenied);
    CHECK(exit_of(Error{Code::token_expired, "", "", 0, {}}, Exits::like_run) == kRefused);
}

TEST_CASE("the password's header and what is wiped") {
    CHECK(proof_header(Secret("pass word")).second == "cGFzcyB3b3Jk");
    std::string text = "secret";
    const char* at = text.data();
    wipe(text);
    CHECK(text.empty());
    CHECK(std::string_view(at, 6) == std::string_view("\0\0\0\0\0\0", 6));
    Secret one("short");
    const Secret two = std::move(one);
    CHECK(one.empty());
    CHECK(two.text() == "short");
}
