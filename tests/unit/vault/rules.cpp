#include "vault/rules.hpp"

#include <cctype>
#include <set>

#include "checks.hpp"
#include "vault/shape.hpp"

using namespace owhale;
using namespace owhale::vault;

namespace {

api::Secret secret_of(std::string host, std::vector<std::string> paths = {}) {
    api::Secret secret;
    secret.variable = "KEY";
    secret.header = "Authorization";
    secret.hosts.push_back({std::move(host), 443, {}, {}});
    if (!paths.empty()) secret.hosts.front().paths = std::move(paths);
    return secret;
}

bool good(const std::string& host, const SharedHosts& shared = SharedHosts()) {
    auto secret = secret_of(host);
    return check_use(secret, shared).has_value();
}

bool good_path(const std::string& path) {
    auto secret = secret_of("api.example.com", {path});
    return check_use(secret, SharedHosts()).has_value();
}

} // namespace

TEST_CASE("hosts are exact names") {
    for (const auto* host :
         {"api.example.com", "API.Example.COM", "xn--bcher-kva.example", "internal", "a-b.example", "api.github.com"})
        CHECK(good(host));
    for (const auto* host : {"",
                             ".",
                             "*.example.com",
                             "a..b",
                             ".a",
                             "a.",
                             "-a.example",
                             "a-.example",
                             "10.0.0.1",
                             "1",
                             "0x7f000001",
                             "a.0x1",
                             "::1",
                             "[::1]",
                             "a:443",
                             "a/b",
                             "a b",
                             "b\xc3\xbc"
                             "cher.example",
                             "a@b",
                             "a%2eb"})
        CHECK_FALSE(good(host));
    CHECK_FALSE(good(std::string(64, 'a') + ".example"));
}

TEST_CASE("no shared host, but where the administrator says so, and those that are the administrator's") {
    CHECK_FALSE(good("bucket.s3.eu-west-1.amazonaws.com"));
    CHECK_FALSE(good("AMAZONAWS.com"));
    CHECK_FALSE(good("x.trycloudflare.com"));
    CHECK(good("notamazonaws.com"));
    const SharedHosts more("# ours\nhosting.example.net  # where customers have names\n\n!good.workers.dev\n");
    CHECK_FALSE(good("a.hosting.example.net", more));
    CHECK_FALSE(good("hosting.example.net", more));
    CHECK(good("good.workers.dev", more));
    CHECK_FALSE(good("a.good.workers.dev", more));
    CHECK_FALSE(good("bad.workers.dev", more));
}

TEST_CASE("path prefixes are whole segments without tricks") {
    for (const auto* path : {"/", "/v1", "/v1/", "/v1/chat", "/a.b/c-d_e~"}) CHECK(good_path(path));
    for (const auto* path :
         {"", "v1", "//", "/a//b", "/.", "/..", "/a/../b", "/a/./b", "/a?b", "/a#b", "/%2e", "/a b", "/a\\b"})
        CHECK_FALSE(good_path(path));
}

TEST_CASE("names and variables") {
    CHECK(check_secret_name("OPENAI_API_KEY"));
    CHECK(check_secret_name("a.b-c_1"));
    for (const auto* name : {"", "a/b", "a b", "..", ".", "a=b", "\xc3\xa4"}) CHECK_FALSE(check_secret_name(name));
    CHECK_FALSE(check_secret_name(std::string(65, 'a')));
    CHECK_EQ(variable_of("my-key.prod"), "MY_KEY_PROD");
    CHECK_EQ(variable_of("1password"), "_1PASSWORD");
    CHECK(check_variable("KEY"));
    for (const auto* variable : {"", "1A", "A-B", "PATH", "ld_preload", "LD_AUDIT", "https_proxy", "NODE_OPTIONS"})
        CHECK_FALSE(check_variable(variable));
}

TEST_CASE("a placeholder has the value's shape and 128 bits of its own") {
    struct Row {
        std::string value, prefix;
        std::size_t length;
    };
    const std::vector<Row> rows = {
        {"sk-proj-Zt7Qm2VwXc9LkR4nB8sYd1Hf6Gj3Pa5E7uT", "sk-proj-owhale-", 43},
        {"sk-ant-api03-" + std::string(90, 'x') + "A1", "sk-ant-api03-owhale-", 105},
        {"ghp_16C7e42F292c6912E7710c838347Ae178B4a", "ghp_owhale-", 40},
        {"short", "owhale-", 0},
        {std::string(64, 'f'), "owhale-", 64},
        {std::string(40'000, 'q'), "owhale-", 512},
    };
    std::set<std::string> seen;
    for (const auto& row : rows) {
        const auto made = placeholder_for(row.value);
        CHECK_EQ(made.substr(0, row.prefix.size()), row.prefix);
        if (row.length != 0) CHECK_EQ(made.size(), row.length);
        CHECK_GE(made.size() - row.prefix.size(), 22);
        CHECK(fits_header(made));
        CHECK(seen.insert(made).second);
        CHECK(seen.insert(placeholder_for(row.value)).second);
    }
    const auto hex = placeholder_for("0123456789abcdef0123456789abcdef01234567");
    CHECK_EQ(hex.substr(7).find_first_not_of("0123456789abcdef"), std::string::npos);
    CHECK_GE(hex.size(), 7 + 32);
}
