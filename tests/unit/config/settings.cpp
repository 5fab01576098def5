#include "config/settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sys/stat.h>

#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;
using namespace std::chrono_literals;

namespace {

// Variables that the test sets, and none that the machine has, taken back at the end.
class Environment {
public:
    explicit Environment(std::map<std::string, std::string> set) : set_(std::move(set)) {
        for (const char* name : {"SECURITY_MODE", "OWHALE_MODE", "OWHALE_CONFIG", "OWHALE_SOCKET"}) ::unsetenv(name);
        for (const auto& [name, value] : set_) ::setenv(name.c_str(), value.c_str(), 1);
    }
    ~Environment() {
        for (const auto& [name, value] : set_) ::unsetenv(name.c_str());
    }

private:
    std::map<std::string, std::string> set_;
};

struct Given {
    std::vector<std::string> flags;
    std::string file;
    std::map<std::string, std::string> environment;
};

const test::Folder folder;

std::string config_path() {
    return folder / "owhaled.conf";
}

Result<config::Settings> load(Given given) {
    std::ofstream(config_path()) << given.file;
    given.environment.try_emplace("XDG_RUNTIME_DIR", folder.path());
    const Environment environment(given.environment);
    std::vector<std::string> words = {"owhaled", "--config", config_path()};
    words.insert(words.end(), given.flags.begin(), given.flags.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    return config::load(static_cast<int>(argv.size()), argv.data());
}

std::string refusal(Given given, Code code) {
    const auto settings = load(std::move(given));
    if (settings) return "it was accepted";
    CHECK_EQ(describe(settings.error().code).name, describe(code).name);
    return to_line(settings.error());
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

const config::Row& row(const config::Settings& settings, const std::string& key) {
    return *std::ranges::find(settings.rows, key, &config::Row::key);
}

} // namespace

TEST_CASE("defaults stand without any source") {
    const auto settings = load({});
    REQUIRE(settings);
    CHECK_EQ(settings->mode, "local");
    CHECK_EQ(settings->max_body, 1u << 20);
    CHECK_EQ(settings->run_timeout, 0ms);
    CHECK_EQ(settings->code_timeout, 5min);
    CHECK_EQ(row(*settings, "max-body").source, "default");
    CHECK_GT(settings->memory, 0);
    CHECK_EQ(settings->audit_journal, "checkpoints");
    CHECK_EQ(settings->audit_retention, 0ms);
    CHECK(settings->audit_heads.starts_with(settings->state_dir));
}

TEST_CASE("a flag wins over the environment, that over the file, that over the default") {
    const std::map<std::string, std::string> environment = {{"OWHALE_PIDS", "200"}, {"OWHALE_KEEP_DAYS", "2"}};
    const auto settings = load({{"--pids", "300"}, "pids = 100\nkeep-days = 1\nmax-runs = 9\n", environment});
    REQUIRE(settings);
    CHECK_EQ(settings->pids, 300);
    CHECK_EQ(settings->keep_days, 2);
    CHECK_EQ(settings->max_runs, 9);
    CHECK_EQ(row(*settings, "pids").source, "--pids");
    CHECK_EQ(row(*settings, "keep-days").source, "OWHALE_KEEP_DAYS");
    CHECK_EQ(row(*settings, "max-runs").source, config_path() + ":3");
}

TEST_CASE("strict mode changes what follows from it") {
    const auto settings = load({{}, "", {{"SECURITY_MODE", "strict"}}});
    REQUIRE(settings);
    CHECK_EQ(settings->mode, "strict");
    CHECK_EQ(settings->run_timeout, 1h);
    CHECK(settings->rules->missing_layer_refuses);
    const auto own = load({{"--run-timeout", "5m"}, "", {{"OWHALE_MODE", "strict"}}});
    REQUIRE(own);
    CHECK_EQ(own->run_timeout, 5min);
}

TEST_CASE("two names of the mode may not contradict each other") {
    const auto text = refusal({{}, "", {{"SECURITY_MODE", "strict"}, {"OWHALE_MODE", "local"}}}, Code::config_invalid);
    CHECK(has(text, "contradict"));
    CHECK(load({{}, "", {{"SECURITY_MODE", "strict"}, {"OWHALE_MODE", "strict"}}}));
}

TEST_CASE("a typo names the key, its place and the nearest known key") {
    auto text = refusal({{}, "# comment\n\nmax_runs = 3\n", {}}, Code::config_invalid);
    CHECK(has(text, config_path() + ":3: "));
    CHECK(has(text, "\"max_runs\""));
    CHECK(has(text, "did you mean \"max-runs\"?"));
    text = refusal({{"--max-run=3"}, "", {}}, Code::bad_request);
    CHECK(has(text, "\"--max-run\""));
    CHECK(has(text, "\"--max-runs\""));
    const auto settings = load({{}, "", {{"OWHALE_MAX_BODDY", "3"}}});
    REQUIRE(settings);
    REQUIRE_EQ(settings->warnings.size(), 1);
    CHECK(has(settings->warnings[0], "OWHALE_MAX_BODDY is not a setting; did you mean OWHALE_MAX_BODY?"));
}

TEST_CASE("a wrong value names where it stands") {
    CHECK(has(refusal({{}, "\nkill-grace = soon\n", {}}, Code::config_invalid),
              config_path() + ":2: \"soon\" is not a time"));
    CHECK(has(refusal({{"--max-body", "12Q"}, "", {}}, Code::bad_request), "--max-body: \"12Q\" is not a size"));
    CHECK(has(refusal({{}, "", {{"OWHALE_PIDS", "many"}}}, Code::config_invalid), "OWHALE_PIDS: \"many\""));
    CHECK(has(refusal({{"--audit-journal", "some"}, "", {}}, Code::bad_request), "off, checkpoints, all"));
    CHECK(has(refusal({{"--mode", "lax"}, "", {}}, Code::bad_request), "local, strict"));
    CHECK(has(refusal({{"--kill-grace", "20m"}, "", {}}, Code::bad_request), "use 0 to 10m"));
    CHECK(has(refusal({{}, "state-dir = here\n", {}}, Code::config_invalid), "not an absolute path"));
}

TEST_CASE("what is not a configuration file is refused by line") {
    CHECK(has(refusal({{}, "pids 5\n", {}}, Code::config_invalid), config_path() + ":1: this is not \"key = value\""));
    CHECK(has(refusal({{}, "pids = 5\n[x]\n", {}}, Code::config_invalid), ":2: there are no sections"));
    CHECK(has(refusal({{}, "pids = 5\npids = 6\n", {}}, Code::config_invalid),
              ":2: pids stands twice, first in " + config_path() + ":1"));
    CHECK(has(refusal({{}, "role = broker\n", {}}, Code::config_invalid), "\"role\""));
    CHECK(load({{}, "pids = 5 # few\r\n\r\n", {}}));
}

TEST_CASE("a file that others can write is refused") {
    std::ofstream(config_path()) << "";
    ::chmod(config_path().c_str(), 0666);
    CHECK(has(refusal({}, Code::config_invalid), "can be written by others"));
    ::chmod(config_path().c_str(), 0644);
}

TEST_CASE("a named file has to be there") {
    CHECK(has(refusal({{"--config", folder / "none"}, "", {}}, Code::config_invalid), "No such file"));
}

TEST_CASE("flags that are not settings") {
    CHECK_EQ(load({{"--print-config"}, "", {}})->action, config::Action::print_config);
    CHECK_EQ(load({{"--role", "broker"}, "", {}})->role, config::Role::broker);
    CHECK_EQ(load({{"--version"}, "nonsense", {}})->action, config::Action::version);
    CHECK(has(refusal({{"start"}, "", {}}, Code::bad_request), "takes no arguments"));
    CHECK(has(refusal({{"--max-bo", "1M"}, "", {}}, Code::bad_request), "there is no setting"));
}

TEST_CASE("a socket path that no socket can have is refused") {
    const auto text = refusal({{"--socket", "/" + std::string(120, 'a')}, "", {}}, Code::config_invalid);
    CHECK(has(text, "longer than 107 bytes"));
}

TEST_CASE("the printed settings are a configuration file that means the same") {
    const auto first = load({{"--pids", "77"}, "box-idle = 2h\n", {}});
    REQUIRE(first);
    const auto second = load({{}, config::to_text(*first), {}});
    REQUIRE(second);
    for (std::size_t i = 0; i < first->rows.size(); ++i) CHECK_EQ(first->rows[i].value, second->rows[i].value);
}

TEST_CASE("the log level is read again") {
    const auto settings = load({{}, "log-level = info\n", {}});
    REQUIRE(settings);
    std::ofstream(config_path()) << "log-level = debug\n";
    CHECK_EQ(config::reload_log_level(*settings).value_or("none"), "debug");
    std::ofstream(config_path()) << "log-levl = debug\n";
    CHECK_FALSE(config::reload_log_level(*settings));
}

TEST_CASE("help has every setting") {
    const auto settings = load({});
    REQUIRE(settings);
    for (const auto& setting : settings->rows) CHECK(has(config::help_text(), "--" + setting.key + " "));
    CHECK(has(config::help_text(), "--max-connections-per-address N  TCP"));
    CHECK_FALSE(has(config::help_text(), "--role"));
}

TEST_CASE("beyond loopback there is no TCP without TLS") {
    const auto text = refusal({{"--tcp", "0.0.0.0:7717", "--tls", "off"}, "", {}}, Code::config_invalid);
    CHECK(has(text, "reachable from other machines"));
    CHECK(has(text, "tls = on"));
    CHECK_EQ(load({{"--tcp", "0.0.0.0:7717"}, "", {}})->tls, "on");
    CHECK_EQ(load({{"--tcp", "[2001:db8::1]:7717"}, "", {}})->tls, "on");
    CHECK_EQ(load({{"--tcp", "localhost:7717"}, "", {}})->tls, "off");
    CHECK_EQ(load({{"--tcp", "localhost:7717"}, "", {}})->tcp, "127.0.0.1:7717");
}

TEST_CASE("strict mode speaks TLS only") {
    const std::map<std::string, std::string> strict = {{"SECURITY_MODE", "strict"}};
    CHECK_EQ(load({{"--tcp", "127.0.0.1:7717"}, "", strict})->tls, "on");
    CHECK(has(refusal({{"--tcp", "127.0.0.1:7717", "--tls", "off"}, "", strict}, Code::config_invalid), "TLS only"));
    CHECK(load({{"--tcp", "off", "--tls", "off"}, "", strict}));
}

TEST_CASE("a certificate has its key") {
    CHECK(has(refusal({{"--tls-cert", "/c.pem"}, "", {}}, Code::config_invalid), "belong together"));
    CHECK(has(refusal({{"--tls-key", "/k.pem"}, "", {}}, Code::config_invalid), "belong together"));
    CHECK(has(refusal({{"--tls-key", "k.pem", "--tls-cert", "/c.pem"}, "", {}}, Code::bad_request), "absolute path"));
    CHECK(load({{"--tls-key", "/k.pem", "--tls-cert", "/c.pem", "--tcp", "off"}, "", {}})->warnings.size() == 1);
}

TEST_CASE("who gives a certificate gets TLS on loopback too, unless they said off") {
    const auto given = load({{"--tls-key", "/k.pem", "--tls-cert", "/c.pem", "--tcp", "127.0.0.1:7717"}, "", {}});
    REQUIRE(given);
    CHECK_EQ(given->tls, "on");
    CHECK(given->warnings.empty());
    CHECK(has(config::to_text(*given), "tls = on"));
    const auto off =
        load({{"--tls-key", "/k.pem", "--tls-cert", "/c.pem", "--tcp", "127.0.0.1:7717", "--tls", "off"}, "", {}});
    REQUIRE(off);
    CHECK_EQ(off->tls, "off");
    REQUIRE_EQ(off->warnings.size(), 1u);
    CHECK(has(off->warnings[0], "in the clear"));
}

TEST_CASE("settings of the network name where they are wrong") {
    CHECK(has(refusal({{}, "tcp = example.org:1\n", {}}, Code::config_invalid), config_path() + ":1: "));
    CHECK(has(refusal({{"--hosts", "*"}, "", {}}, Code::bad_request), "--hosts: \"*\""));
    CHECK(has(refusal({{"--trusted-proxies", "proxy"}, "", {}}, Code::bad_request), "\"proxy\" is not an IP address"));
    CHECK(has(refusal({{"--unix-roles", "alice"}, "", {}}, Code::bad_request), "WHO=ROLE"));
}

TEST_CASE("an unknown mode names those that there are") {
    CHECK(has(refusal({{"--mode", "paranoid"}, "", {}}, Code::bad_request), "local, strict"));
    CHECK(has(refusal({{}, "", {{"SECURITY_MODE", "Strict"}}}, Code::config_invalid), "local, strict"));
    CHECK(has(refusal({{}, "mode = none\n", {}}, Code::config_invalid), "local, strict"));
}
