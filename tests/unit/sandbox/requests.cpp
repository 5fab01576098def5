#include "sandbox/request.hpp"

#include <algorithm>

#include "checks.hpp"
#include "sandbox/environment.hpp"

using namespace owhale;
using namespace owhale::sandbox;

namespace {

const Caller kUser{1, "unix:1000", 1000, {}};
const Caller kRoot{1, "unix:0", 0, {}};

std::string refused(void (*change)(api::RunRequest&)) {
    api::RunRequest request;
    change(request);
    const auto status = check_request(request, kUser);
    return status ? "" : status.error().message;
}

} // namespace

TEST_CASE("what is wrong with a request is told by name") {
    CHECK_EQ(refused([](auto& r) { r.cwd = "x"; }), "cwd must be an absolute path");
    CHECK_EQ(refused([](auto& r) { r.cwd = std::string("/a\0b", 4); }), "cwd holds a NUL byte");
    CHECK_EQ(refused([](auto& r) { r.cwd = "/" + std::string(4095, 'x'); }), "cwd is longer than 4095 bytes");
    CHECK_EQ(refused([](auto& r) { r.workspace = ""; }), "workspace must be an absolute path");
    CHECK_EQ(refused([](auto& r) { r.net = "everything"; }), "net must be none, scoped or host");
    CHECK_EQ(refused([](auto& r) { r.rows = 3; }), "rows and cols need tty");
    CHECK_EQ(refused([](auto& r) { r.tty = true, r.cols = 70'000; }), "rows and cols are at most 65535");
    CHECK_EQ(refused([](auto& r) { r.stdin_ = "a", r.stdin_open = true; }),
             "give one of stdin, stdin_base64 and stdin_open");
    CHECK_EQ(refused([](auto& r) { r.env.emplace(), (*r.env)["A=B"] = "c"; }),
             "env: a name is empty or holds `=` or NUL");
    CHECK_EQ(refused([](auto& r) { r.env.emplace(), (*r.env)["A"] = std::string(1, '\0'); }), "env.A holds a NUL byte");
    CHECK(refused([](auto& r) {
              r.env.emplace(), (*r.env)["A"] = std::string(131'072, 'x');
          }).starts_with("env.A is longer than"));
    CHECK_EQ(refused([](auto& r) { r.run_as = "root"; }), "run_as is for root");
    CHECK_EQ(refused([](auto& r) { r.cwd = "/tmp", r.net = "none", r.tty = true, r.rows = 24; }), "");
}

TEST_CASE("root may name a user") {
    api::RunRequest request;
    request.run_as = "nobody";
    CHECK(check_request(request, kRoot));
}

TEST_CASE("stdin as text or as base64") {
    api::RunRequest request;
    CHECK_EQ(*given_stdin(request), "");
    request.stdin_ = "abc";
    CHECK_EQ(*given_stdin(request), "abc");
    request.stdin_.reset();
    request.stdin_base64 = "AP8=";
    CHECK_EQ(*given_stdin(request), std::string("\0\xff", 2));
    for (const auto* bad : {"AP8", "A", "!!!!", "AP8=="}) {
        request.stdin_base64 = bad;
        CHECK_EQ(given_stdin(request).error().code, Code::invalid_value);
    }
}

TEST_CASE("PATH loses what the cage does not show; the client's own variables win") {
    const View view{{"/usr", "/home/me/.cargo/bin"}, {"/home/me"}};
    api::RunRequest request;
    request.path = "/usr/bin:/srv/tools:relative::/home/me/.cargo/bin:/home/me/.local/bin";
    CHECK_EQ(search_path(request, view), "/usr/bin:/home/me/.cargo/bin:/home/me/.local/bin");
    request.path = "/srv/tools";
    CHECK(search_path(request, view).find("/usr/bin") != std::string::npos);
    request.env.emplace();
    (*request.env)["PATH"] = "/srv/tools";
    CHECK_EQ(search_path(request, view), "/srv/tools");
    Profile profile;
    profile.env["LANG"] = "C";
    profile.env["KEPT"] = "1";
    const std::map<std::string, std::string> wanted{{std::string("LANG"), "de"}, {std::string("HOME"), "/x"}};
    const auto env = make_environment(profile, {"/home/me", "me", "/bin/bash", "/p", true}, "/usr/bin", wanted);
    CHECK_EQ(env, std::vector<std::string>{"HOME=/x", "KEPT=1", "LANG=de", "LOGNAME=me", "PATH=/usr/bin", "PWD=/p",
                                           "SHELL=/bin/bash", "TERM=xterm-256color", "USER=me"});
    const auto shifted = make_environment({}, {"/root", "root", "/bin/sh", "/p", false, true}, "/usr/bin", {});
    CHECK(std::find(shifted.begin(), shifted.end(), "GIT_CONFIG_KEY_0=core.checkStat") != shifted.end());
}
