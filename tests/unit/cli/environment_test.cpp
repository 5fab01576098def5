#include "cli/environment.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::cli;

namespace {

const Variables kOurs = {{"HOME", "/home/kim"},
                         {"LANG", "de_DE.UTF-8"},
                         {"LC_TIME", "C"},
                         {"TERM", "xterm"},
                         {"TZ", "Asia/Tokyo"},
                         {"AWS_SECRET_ACCESS_KEY", "never"},
                         {"LD_PRELOAD", "/evil.so"},
                         {"SSH_AUTH_SOCK", "/tmp/agent"},
                         {"CARGO_HOME", "/home/kim/.cargo"},
                         {"RUSTUP_TOOLCHAIN", "stable"},
                         {"GOPATH", "/home/kim/go:/home/kim/work"},
                         {"JAVA_HOME", "/opt/java"},
                         {"NVM_DIR", "/home/kimberly/.nvm"},
                         {"GEM_HOME", ""}};

std::optional<std::string> ours(const std::string& name) {
    const auto found = kOurs.find(name);
    if (found == kOurs.end()) return std::nullopt;
    return found->second;
}

std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const auto& [name, value] : kOurs) all.push_back(name);
    return all;
}

} // namespace

TEST_CASE("what is sent without being asked for") {
    const Variables expected = {{"LANG", "de_DE.UTF-8"},        {"LC_TIME", "C"},
                                {"TZ", "Asia/Tokyo"},           {"CARGO_HOME", "/home/kim/.cargo"},
                                {"RUSTUP_TOOLCHAIN", "stable"}, {"GOPATH", "/home/kim/go:/home/kim/work"}};
    CHECK(default_variables(ours, names(), false) == expected);
    auto with_terminal = expected;
    with_terminal["TERM"] = "xterm";
    CHECK(default_variables(ours, names(), true) == with_terminal);
}

TEST_CASE("-e sets a variable, or passes ours on") {
    Variables to;
    REQUIRE(add_variables(to, {"A=1=2", "B=", "TZ", "UNSET", "A=3"}, ours));
    CHECK(to == Variables{{"A", "3"}, {"B", ""}, {"TZ", "Asia/Tokyo"}});
    const auto nameless = add_variables(to, {"=x"}, ours);
    REQUIRE(!nameless);
    CHECK(nameless.error().code == Code::invalid_value);
}

TEST_CASE("an env file is read as docker reads it") {
    Variables to;
    REQUIRE(add_file(to, "# comment\n\nA=\"quoted\"\r\n  B=two words \nTZ\nUNSET\nlast=1", "f", ours));
    CHECK(to == Variables{{"A", "\"quoted\""}, {"B", "two words "}, {"TZ", "Asia/Tokyo"}, {"last", "1"}});
    const auto wrong = add_file(to, "A=1\n=2\n", "my.env", ours);
    REQUIRE(!wrong);
    CHECK(wrong.error().message.starts_with("my.env:2: "));
}

TEST_CASE("names that look like secrets") {
    for (const char* name : {"GITHUB_TOKEN", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "openai_api_key", "GH_PAT"})
        CHECK_MESSAGE(looks_secret(name), name);
    for (const char* name : {"PATH", "EDITOR", "KEYBOARD", "DEBUG"}) CHECK_MESSAGE(!looks_secret(name), name);
}
