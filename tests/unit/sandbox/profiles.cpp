#include "sandbox/profiles.hpp"

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>

#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;
using namespace owhale::sandbox;

namespace {

std::string error_of(std::string_view text) {
    const auto profile = parse_profile("p", "p.toml", text, nullptr);
    return profile ? "" : profile.error().message;
}

class Profiled { // a folder of profiles
public:
    Profiled() {
        put("tables", "credentials = [\".ssh\"]\nprotected = []\nsystem = [\"/usr\"]\nhidden = [\"/run\"]\n");
    }
    void put(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ / (name + ".toml")) << text;
    }
    Result<Profiles> load() const { return Profiles::load(folder_.path()); }
    const std::string& path() const { return folder_.path(); }

private:
    test::Folder folder_;
};

} // namespace

TEST_CASE("the shipped profiles load and say what the README says") {
    const char* dir = std::getenv("OWHALE_PROFILES");
    REQUIRE(dir != nullptr);
    const auto profiles = Profiles::load(dir);
    REQUIRE_MESSAGE(profiles, (profiles ? "" : profiles.error().message));
    CHECK((*profiles->find("default"))->workspace_writable);
    CHECK_FALSE((*profiles->find("default"))->unix_sockets);
    CHECK_FALSE((*profiles->find("readonly"))->workspace_writable);
    CHECK_EQ((*profiles->find("build"))->filter, "build");
    CHECK_FALSE((*profiles->find("build"))->toolchains.empty()); // from the one it extends
    CHECK((*profiles->find("agent"))->daemon);
    for (const auto* name : {"default", "build", "readonly"}) CHECK_FALSE((*profiles->find(name))->daemon);
    CHECK_EQ(profiles->find("defualt").error().next, "did you mean `default`?");
    CHECK_EQ(profiles->find("tables").error().code, Code::profile_unknown);
}

TEST_CASE("errors have file, line and column, and name the nearest key") {
    CHECK(error_of("description = 'x'\ntoolchain = []\n")
              .starts_with("p.toml:2:1: unknown key `toolchain`, did you mean `toolchains`?"));
    CHECK(error_of("[limits]\nmemroy = '1G'\n").starts_with("p.toml:2:1: unknown key `memroy`"));
    CHECK(error_of("filter = 'none'").starts_with("p.toml:1:"));
    CHECK(error_of("workspace = 'rw'").find("writable or readonly") != std::string::npos);
    CHECK(error_of("a = ").starts_with("p.toml:1:"));
    CHECK(error_of("toolchains = ['../x']").find("relative, without . and ..") != std::string::npos);
    CHECK(error_of("toolchains = ['/x']").find("relative") != std::string::npos);
    CHECK(error_of("system = ['usr']").find("absolute") != std::string::npos);
    CHECK(error_of("toolchains = [1]").find("list of strings") != std::string::npos);
    CHECK(error_of("[limits]\nmemory = '1Q'").starts_with("p.toml:2:"));
    CHECK(error_of("[limits]\ncpus = 0").starts_with("p.toml:2:"));
    CHECK(error_of("[env]\n'A=B' = 'x'").find("not a variable's name") != std::string::npos);
    CHECK_FALSE(error_of("unix_sockets = true").empty());
    CHECK_FALSE(error_of("filter = 'build'").empty());
    CHECK(error_of("daemon = true").find("needs unix_sockets = true") != std::string::npos);
    CHECK(error_of("daemon = 1").starts_with("p.toml:1:"));
}

TEST_CASE("tables ask for no more than the spawner answers") {
    CHECK(parse_tables("t.toml", "protected = ['.envrc', '.vscode/settings.json']"));
    std::string many = "protected = [";
    for (int i = 0; i < 65; ++i) many += "'n" + std::to_string(i) + "', ";
    const auto refused = parse_tables("t.toml", many + "]");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("more than 64 entries") != std::string::npos);
    CHECK_FALSE(parse_tables("t.toml", "sockets = ['" + std::string(256, 'x') + "']"));
    CHECK_FALSE(parse_tables("t.toml", "protected = ['']"));
    CHECK_FALSE(parse_tables("t.toml", "protected = ['a/../b']"));
}

TEST_CASE("limits have units") {
    const auto profile =
        parse_profile("p", "p.toml", "[limits]\nmemory = '2G'\npids = 7\ntimeout = '5m'\ncpus = 1.5\n", nullptr);
    REQUIRE(profile);
    CHECK_EQ(profile->limits.memory, 2ull << 30);
    CHECK_EQ(profile->limits.pids, 7);
    CHECK_EQ(profile->limits.timeout, std::chrono::minutes(5));
    CHECK_EQ(profile->limits.cpu_milli, 1500);
}

TEST_CASE("one that extends another adds lists and replaces values") {
    const Profiled folder;
    folder.put("default", "toolchains = ['a']\nworkspace = 'writable'\n[env]\nX = '1'\nY = '1'\n");
    folder.put("mine", "extends = 'default'\ntoolchains = ['b']\nworkspace = 'readonly'\n[env]\nX = '2'\n");
    const auto profiles = folder.load();
    REQUIRE(profiles);
    const auto mine = *profiles->find("mine");
    CHECK_EQ(mine->toolchains, std::vector<std::string>{"a", "b"});
    CHECK_FALSE(mine->workspace_writable);
    CHECK_EQ(mine->env.at("X"), "2");
    CHECK_EQ(mine->env.at("Y"), "1");
    CHECK_NE(mine->digest, (*profiles->find("default"))->digest);
}

TEST_CASE("circles, strangers and credentials are refused") {
    const Profiled folder;
    folder.put("default", "");
    folder.put("a", "extends = 'b'");
    folder.put("b", "extends = 'a'");
    CHECK(folder.load().error().message.find("circle") != std::string::npos);
    folder.put("b", "extends = 'nobody'");
    CHECK(folder.load().error().message.find("unknown profile `nobody`") != std::string::npos);
    folder.put("a", "toolchains = ['.ssh/keys']");
    folder.put("b", "");
    CHECK(folder.load().error().message.find("holds credentials") != std::string::npos);
    folder.put("a", "system = ['/run/docker']");
    CHECK(folder.load().error().message.find("never mounted") != std::string::npos);
}

TEST_CASE("a profile that others can write is not believed, and a reload that fails changes nothing") {
    const Profiled folder;
    folder.put("default", "description = 'first'");
    auto profiles = folder.load();
    REQUIRE(profiles);
    folder.put("default", "description = 'second'");
    ::chmod((folder.path() + "/default.toml").c_str(), 0666);
    CHECK_EQ(profiles->reload().error().code, Code::config_invalid);
    CHECK_EQ((*profiles->find("default"))->description, "first");
    ::chmod((folder.path() + "/default.toml").c_str(), 0644);
    CHECK(profiles->reload());
    CHECK_EQ((*profiles->find("default"))->description, "second");
}
