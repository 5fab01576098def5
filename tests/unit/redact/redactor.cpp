#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "pieces.hpp"
#include "redact/redactor.hpp"

namespace redact = owhale::redact;
using owhale::test::split_at;

namespace {

std::string in_chunks(std::string_view text, std::size_t size) {
    redact::Redactor redactor;
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += size) redactor.push(text.substr(at, size), out);
    redactor.finish(out);
    return out;
}

std::string mask_of(std::string_view label) {
    return "[redacted:" + std::string(label) + "]";
}

struct Row { // `shown` empty: as written
    std::string_view written, shown;
};

constexpr std::string_view kJwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
                                  "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

const std::vector<Row> kRows = {
    {"postgres://app:s3cr3t!@db:5432/x", "postgres://app:[redacted:url-password]@db:5432/x"},
    {"https://example.org:8080/a@b", "https://example.org:8080/a@b"},
    {"see http://user@host/ and ftp://a:@b", "see http://user@host/ and ftp://a:@b"},
    {"Authorization: Bearer abcdefgh12345678\r\n", "Authorization: Bearer [redacted:authorization]\r\n"},
    {"authorization: Basic dXNlcjpwYXNz\n", "authorization: Basic [redacted:authorization]\n"},
    {"'Authorization': 'token 0123456789abcdef'", "'Authorization': 'token [redacted:authorization]'"},
    {"Authorization: none", "Authorization: none"},
    {"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
     "aws_secret_access_key = [redacted:aws-secret-key]\n"},
    {"{\"SecretAccessKey\": \"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\"}",
     "{\"SecretAccessKey\": \"[redacted:aws-secret-key]\"}"},
    {"DB_PASSWORD=kX9vQ2mZ7pL4wR8t", "DB_PASSWORD=[redacted:password]"},
    {"export API_KEY='a8f5f167f44f4964e6c998dee827110c'", "export API_KEY='[redacted:api-key]'"},
    {"//reg/:_authToken=f9a1c2d3e4b5f6a7b8c9", "//reg/:_authToken=[redacted:token]"},
    {"password: hunter2", "password: hunter2"},
    {"password = get_password_from_store(1)", "password = get_password_from_store(1)"},
    {"token: my_first_token_v2", "token: my_first_token_v2"},
    {"secret=$SECRET_FROM_ENV_1 token=<your-token-123>", "secret=$SECRET_FROM_ENV_1 token=<your-token-123>"},
    {"commit: 3f786850e387550fdab836ed7e6dc881de23001b", "commit: 3f786850e387550fdab836ed7e6dc881de23001b"},
    {"12:34:56 a=b c==d e:f", "12:34:56 a=b c==d e:f"},
    {"eyJhbGciOi.x eyJub3QiOiJqd3QifQ.abcdef.x", "eyJhbGciOi.x eyJub3QiOiJqd3QifQ.abcdef.x"},
    {"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
     "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"},
    {"a\n-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEow\r\n  AbC+/=\n-----END RSA PRIVATE "
     "KEY-----\nb\n",
     "a\n-----BEGIN RSA PRIVATE KEY-----\n[redacted:private-key]\n\n[redacted:private-key]\r\n  "
     "[redacted:private-key]\n"
     "-----END RSA PRIVATE KEY-----\nb\n"},
    {R"({"private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvQ\nAAAA\n-----END PRIVATE KEY-----\n", "x": 1})",
     R"({"private_key": "-----BEGIN PRIVATE KEY-----[redacted:private-key]-----END PRIVATE KEY-----\n", "x": 1})"},
    {"grep: \"-----BEGIN PRIVATE KEY-----\" in a.txt", "grep: \"-----BEGIN PRIVATE KEY-----\" in a.txt"},
    {"\x1b[01;31m\x1b[KAKIAIOSFODNN7EXAMPLE\x1b[m", "\x1b[01;31m\x1b[K[redacted:aws-access-key]\x1b[m"},
    {"xAKIAIOSFODNN7EXAMPLE AKIAIOSFODNN7EXAMPLEZ", "xAKIAIOSFODNN7EXAMPLE AKIAIOSFODNN7EXAMPLEZ"},
    {"risk-of-something-very-long-2 sk-short sk-a-long-name-of-a-class-only", ""},
};

} // namespace

TEST_CASE("every row of the table masks its example and passes its counter-example") {
    for (const auto& row : redact::secret_rows()) {
        CAPTURE(std::string(row.prefix));
        const auto whole = std::string(row.prefix) + std::string(row.example);
        const bool keeps = (row.traits & redact::kKeepsPrefix) != 0;
        const auto wanted = "x=\"" + std::string(keeps ? row.prefix : "") + mask_of(row.label) + "\"\n";
        CHECK_EQ(redact::redacted("x=\"" + whole + "\"\n"), wanted);
        const auto other = std::string(row.prefix) + std::string(row.counter);
        CHECK_EQ(redact::redacted("(" + other + ")"), "(" + other + ")");
    }
}

TEST_CASE("a secret is masked wherever the stream is cut") {
    for (const auto& row : redact::secret_rows()) {
        const auto text = "say " + std::string(row.prefix) + std::string(row.example) + " and " +
                          std::string(row.prefix) + std::string(row.counter) + ".\n";
        const auto whole = redact::redacted(text);
        for (std::size_t at = 0; at <= text.size(); ++at) {
            CAPTURE(at);
            REQUIRE_EQ(split_at(text, at), whole);
        }
        REQUIRE_EQ(in_chunks(text, 1), whole);
    }
}

TEST_CASE("names, URLs, headers, tokens and private keys") {
    for (const auto& row : kRows) {
        const std::string shown(row.shown.empty() ? row.written : row.shown);
        CHECK_EQ(redact::redacted(row.written), shown);
        for (std::size_t at = 0; at <= row.written.size(); ++at) REQUIRE_EQ(split_at(row.written, at), shown);
        REQUIRE_EQ(in_chunks(row.written, 1), shown);
    }
    const auto jwt = "token " + std::string(kJwt) + "\n";
    CHECK_EQ(redact::redacted(jwt), "token [redacted:jwt]\n");
    for (std::size_t at = 0; at <= jwt.size(); ++at) REQUIRE_EQ(split_at(jwt, at), "token [redacted:jwt]\n");
}

TEST_CASE("bytes of any kind pass as they are") {
    std::mt19937 random(7);
    std::string bytes(200'000, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    CHECK_EQ(redact::redacted(bytes), bytes);
    for (const std::size_t size : {1u, 7u, 4096u, 65536u}) CHECK_EQ(in_chunks(bytes, size), bytes);
}

TEST_CASE("a very long secret is held back no longer than it takes to tell") {
    redact::Redactor redactor;
    std::string out;
    redactor.push("ghp_" + std::string(1'000'000, 'a'), out);
    CHECK_EQ(out, "[redacted:github-token]");
    redactor.push(std::string(1'000'000, 'b') + " end", out);
    redactor.finish(out);
    CHECK_EQ(out, "[redacted:github-token] end");
}

TEST_CASE("a pause shows what is no secret yet, and no tell-tale") {
    redact::Redactor redactor;
    std::string out;
    redactor.push("$ g", out);
    CHECK_EQ(out, "$ ");
    CHECK(redactor.has_shy());
    redactor.pause(out);
    CHECK_EQ(out, "$ g");
    redactor.push("it status\n", out);
    CHECK_EQ(out, "$ git status\n");
    redactor.push("Password: ", out);
    redactor.pause(out);
    CHECK_EQ(out, "$ git status\nPassword: ");
    out.clear();
    redactor.push("\ngh", out);
    redactor.pause(out);
    redactor.push("p_abcd", out);
    redactor.pause(out);
    CHECK_FALSE(redactor.has_shy());
    CHECK_EQ(out, "\ngh");
    redactor.push("efghijklmnopqrstuvwxyzABCDEFGHIJ0123456789\n", out);
    CHECK_EQ(out, "\ngh[redacted:github-token]\n");
}

TEST_CASE("what is held back without more bytes comes at the end") {
    redact::Redactor redactor;
    std::string out;
    redactor.push("ghp_abcdefgh", out);
    redactor.pause(out);
    CHECK_EQ(out, "");
    redactor.finish(out);
    CHECK_EQ(out, "ghp_abcdefgh");
}

TEST_CASE("time is linear in the worst of texts") {
    for (const std::string_view piece :
         {"sk-", "eyJ", "://", "token=", "-----BEGIN ", "A", "password: a1B", "eyJhbGciOiJ9."}) {
        std::string text;
        while (text.size() < 2'000'000) text += piece;
        CHECK_LE(redact::redacted(text).size(), text.size() * 3);
    }
}

TEST_CASE("of an argv, what an option's name announces too") {
    std::vector<std::string> argv = {
        "curl",           "--password", "kX9vQ2mZ7pL4wR8t", "-H",   "Authorization: Bearer abcdefghij",
        "https://u:p@h/", "--token",    "--verbose",        "plain"};
    redact::redact_arguments(argv);
    CHECK_EQ(argv[2], "[redacted:password]");
    CHECK_EQ(argv[4], "Authorization: Bearer [redacted:authorization]");
    CHECK_EQ(argv[5], "https://u:[redacted:url-password]@h/");
    CHECK_EQ(argv[7], "--verbose");
    CHECK_EQ(argv[8], "plain");
}
