#include "sandbox/ceiling.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::sandbox;

namespace {

std::shared_ptr<Profile> profile(std::string name) {
    auto made = std::make_shared<Profile>();
    made->name = std::move(name);
    return made;
}

policy::Ceiling net(std::string name) {
    policy::Ceiling ceiling;
    ceiling.net = std::move(name);
    return ceiling;
}

} // namespace

TEST_CASE("the network is the narrower of what was asked for and what is permitted") {
    CHECK_EQ(net_under(net("none"), "host"), "none");
    CHECK_EQ(net_under(net("host"), "none"), "none");
    CHECK_EQ(net_under(net("host"), "host"), "host");
    CHECK_EQ(net_under(net(""), "host"), "host");
    CHECK_EQ(net_under(net("scoped"), "host"), "scoped");
    CHECK_EQ(net_under(net("none"), "scoped"), "none");
    CHECK_EQ(net_under(net("no such"), "none"), "none");
}

TEST_CASE("a ceiling's profile that is narrower throughout is taken as it is") {
    const auto asked = profile("build");
    asked->filter = "build";
    asked->unix_sockets = true;
    asked->toolchains = {".cargo/bin"};
    const auto ceiling = profile("readonly");
    ceiling->workspace_writable = false;
    CHECK_EQ(narrower_of(asked, ceiling), ceiling);
    CHECK_EQ(narrower_of(ceiling, asked), ceiling);
    CHECK_EQ(narrower_of(asked, asked), asked);
}

TEST_CASE("of two that differ either way, neither gives what the other has not") {
    const auto asked = profile("asked");
    asked->filter = "strict";
    asked->toolchains = {".cargo/bin", ".nvm"};
    asked->limits.pids = 10;
    const auto ceiling = profile("ceiling");
    ceiling->daemon = true;
    ceiling->toolchains = {".nvm", ".pyenv"};
    ceiling->limits.pids = 20;
    ceiling->limits.memory = 1000;
    ceiling->limits.timeout = std::chrono::milliseconds(0);
    ceiling->workspace_writable = false;
    const auto both = narrower_of(asked, ceiling);
    CHECK_EQ(both->name, "asked");
    CHECK_EQ(both->filter, "strict");
    CHECK_EQ(both->toolchains, std::vector<std::string>{".nvm"});
    CHECK_EQ(both->limits.pids, 10);
    CHECK_EQ(both->limits.memory, 1000);
    CHECK_FALSE(both->daemon);
    CHECK_FALSE(both->workspace_writable);
}
