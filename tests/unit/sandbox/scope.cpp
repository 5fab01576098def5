// Lines of allowlists, what a run's scope is made of, and what of it is left under a parent, a ceiling, another profile.
#include "sandbox/scope.hpp"

#include <algorithm>

#include "checks.hpp"
#include "sandbox/host_lists.hpp"
#include "sandbox/host_rule.hpp"
#include "sandbox/profile.hpp"
#include "sandbox/request_network.hpp"
#include "shared/host_text.hpp"

using namespace owhale;
using namespace owhale::sandbox;

namespace {

api::HostRule rule(const char* text) {
    auto parsed = parse_host(text);
    if (!parsed) return {};
    const auto good = checked(std::move(*parsed));
    return good ? *good : api::HostRule{};
}

std::string spelled(const char* text) {
    const auto good = rule(text);
    return good.host.empty() ? "" : text_of(good);
}

struct Book final : HostBook {
    Result<std::vector<api::HostRule>> list(std::string_view name) const override {
        if (name != "npm") return fail(Code::invalid_value, "there is no list of hosts @" + std::string(name));
        auto host = rule("mirror.example.net");
        host.from = "list npm";
        return std::vector{host};
    }
    std::vector<api::HostRule> standing(const std::string& principal, const std::string&) const override {
        if (principal != "unix:1000") return {};
        auto host = rule("known.example.com");
        host.from = "hosts";
        return {host};
    }
};

const Book kBook;
const std::string kAlice = "unix:1000";

api::NetScope scope_of(api::RunRequest request, const Profile& profile = {}) {
    static config::Settings settings;
    settings.rules = config::find_mode("strict");
    REQUIRE(check_network(request));
    const auto scope = make_scope({request, profile, settings, &kBook, kAlice});
    REQUIRE(scope);
    return *scope;
}

api::RunRequest asking(std::vector<const char*> hosts) {
    api::RunRequest request;
    request.allow_hosts.emplace();
    for (const auto* host : hosts) request.allow_hosts->push_back(*parse_host(host));
    return request;
}

std::string hosts_of(const api::NetScope& scope) {
    std::string out;
    for (const auto& host : scope.hosts) out += (out.empty() ? "" : " ") + text_of(host);
    return out;
}

std::string refused(void (*change)(api::RunRequest&)) {
    api::RunRequest request;
    change(request);
    const auto status = check_network(request);
    return status ? "" : status.error().message;
}

} // namespace

TEST_CASE("hosts have one spelling") {
    CHECK_EQ(spelled("API.Example.COM."), "api.example.com");
    CHECK_EQ(spelled("*.example.com:8443"), "*.example.com:8443");
    CHECK_EQ(spelled("10.0.0.0/8:443,80,443"), "10.0.0.0/8:80,443");
    CHECK_EQ(spelled("[2001:DB8:0::1]:443"), "[2001:db8::1]:443");
    CHECK_EQ(spelled("[2001:db8::]/32"), ""); // a range needs its ports
    CHECK_EQ(spelled("@npm"), "@npm");
    CHECK_EQ(spelled("xn--bcher-kva.example"), "xn--bcher-kva.example");
}

TEST_CASE("what is no host is refused") {
    for (const auto* text : {"",
                             ".",
                             "a..b",
                             "-a.example",
                             "bücher.example",
                             "a b.example",
                             "*",
                             "*.com",
                             "*.*.com",
                             "a.*",
                             "127.1:80",
                             "0x7f.1:80",
                             "2130706433:80",
                             "0177.0.0.1:80",
                             "1.2.3.4",
                             "10.0.0.1/8:80",
                             "1.2.3.4/33:80",
                             "host:0",
                             "host:65536",
                             "host:",
                             "a/b",
                             "http://a.example",
                             "a.example:80x",
                             "user@a.example",
                             "@",
                             "@NPM list",
                             "@npm:80",
                             "a\nb"})
        CHECK_MESSAGE(spelled(text).empty(), text);
    CHECK(spelled(std::string(64, 'a').append(".example").c_str()).empty());
}

TEST_CASE("a line covers another when it lets through all of it") {
    const auto covered = [](const char* wide, const char* narrow) { return covers(rule(wide), rule(narrow)); };
    CHECK(covered("a.example", "a.example:443"));
    CHECK_FALSE(covered("a.example", "a.example:22"));
    CHECK_FALSE(covered("a.example:443", "a.example"));
    CHECK(covered("*.example.com", "a.b.example.com"));
    CHECK(covered("*.example.com", "*.b.example.com"));
    CHECK_FALSE(covered("*.example.com", "example.com"));
    CHECK_FALSE(covered("*.example.com", "evilexample.com"));
    CHECK(covered("10.0.0.0/8:22,80", "10.1.2.3:22"));
    CHECK(covered("10.0.0.0/8:80", "10.1.0.0/16:80"));
    CHECK_FALSE(covered("10.1.0.0/16:80", "10.0.0.0/8:80"));
    CHECK(covered("10.0.0.0/8:80", "[::ffff:10.0.0.1]:80"));
    auto narrow = rule("a.example");
    narrow.methods = {"GET"};
    CHECK(covers(rule("a.example"), narrow));
    CHECK_FALSE(covers(narrow, rule("a.example")));
}

TEST_CASE("what a request says of its network is checked by name") {
    CHECK_EQ(refused([](auto& r) { r.net = "all"; }), "net must be none, scoped or host");
    CHECK_EQ(refused([](auto& r) { r.net = "none", r.allow_hosts = {{*parse_host("a.example")}}; }),
             "allow_hosts needs net scoped, and net is none");
    CHECK_EQ(refused([](auto& r) { r.net = "host", r.inspect = true; }), "inspect needs net scoped, and net is host");
    CHECK_EQ(refused([](auto& r) { r.ports.emplace(17, api::Publish{{}, 1, 1}); }), "ports has more than 16 entries");
    CHECK_EQ(refused([](auto& r) { r.ports = {{api::Publish{"example.com", 80, 80}}}; }),
             "ports: address is no IPv4 or IPv6 address");
    CHECK_EQ(refused([](auto& r) { r.host_ports = {{0}}; }), "host_ports must be above 0");
    CHECK_EQ(refused([](auto& r) { r.secrets = {{api::SecretUse{"A", "file", {}}}}; }),
             "secrets: as must be placeholder or env");
    CHECK_EQ(refused([](auto& r) { r.secrets = {{api::SecretUse{"A", {}, "A=B"}}}; }),
             "secrets: variable is no name of a variable");
    CHECK_EQ(refused([](auto& r) { r.brokers = {{"docker"}}; }), "brokers: there is only ssh-agent");
    CHECK_EQ(refused([](auto& r) { r.ssh_auth_sock = "sock"; }),
             "ssh_auth_sock must be an absolute path of at most 107 bytes");
    CHECK_EQ(refused([](auto& r) { r.net = "none", r.secrets = {{api::SecretUse{"A", "env", {}}}}; }), "");
}

TEST_CASE("which network a run has") {
    config::Settings settings;
    settings.egress = "on";
    settings.network = "none";
    Profile profile;
    api::RunRequest request;
    CHECK_EQ(network_of(request, profile, settings), "none");
    profile.network.mode = "scoped";
    CHECK_EQ(network_of(request, profile, settings), "scoped");
    request.net = "none";
    CHECK_EQ(network_of(request, profile, settings), "none");
    CHECK_EQ(network_of(asking({"a.example"}), {}, settings), "scoped");
    settings.network = "scoped";
    CHECK_EQ(network_of({}, {}, settings), "scoped");
    settings.egress = "off";
    CHECK_EQ(network_of({}, {}, settings), "none");
}

TEST_CASE("a scope is what stands, what the profile has and what is asked for") {
    CHECK_EQ(hosts_of(scope_of(asking({"a.example", "@npm", "known.example.com"}))),
             "known.example.com a.example mirror.example.net");
    Profile profile;
    profile.network.hosts = {rule("p.example:8443")};
    profile.network.asks = true;
    CHECK(scope_of({}, profile).asks);
    CHECK_FALSE(scope_of({}).asks); // strict
    CHECK_EQ(hosts_of(scope_of({}, profile)), "known.example.com p.example:8443");
}

TEST_CASE("only what no line has is a question") {
    auto request = asking({"a.example", "known.example.com", "@npm"});
    request.secrets = {{api::SecretUse{"A", "env", {}}, api::SecretUse{"B", {}, {}}}};
    request.ports = {{api::Publish{{}, 8080, 80}, api::Publish{"0.0.0.0", 8080, 80}}};
    request.host_ports = {{5432}};
    const auto scope = scope_of(request);
    for (auto& host : *request.allow_hosts) host.from = "request";
    std::vector<std::string> asked;
    for (const auto& words : questions_of(scope, request)) asked.push_back(words[0] + " " + words[1]);
    const std::vector<std::string> wanted = {"--allow-host a.example", "--allow-list npm", "--host-port 5432",
                                             "--publish 0.0.0.0:8080:80", "--secret A=env"};
    CHECK_EQ(asked, wanted);
}

TEST_CASE("a run's run reaches nothing beyond its parent") {
    Parent parent;
    parent.id = "p";
    auto request = asking({"a.example.com"});
    auto scope = scope_of(request);
    CHECK_EQ(hold_scope(scope, parent).error().code, Code::host_denied); // the parent has no network
    parent.scope = scope_of(asking({"*.example.com", "b.example.org:22"}));
    CHECK(hold_scope(scope, parent));
    auto other = scope_of(asking({"c.example.org"}));
    CHECK_EQ(hold_scope(other, parent).error().code, Code::host_denied);
    auto keyed = scope_of({});
    keyed.secrets = {{"A", {}, {}}};
    CHECK_EQ(hold_scope(keyed, parent).error().code, Code::secret_denied);
    parent.scope->secrets = {{"A", {}, {}}};
    CHECK(hold_scope(keyed, parent));
    keyed.secrets = {{"A", "env", {}}}; // by its value, where the parent has a placeholder
    CHECK_EQ(hold_scope(keyed, parent).error().code, Code::secret_denied);
    auto ports = scope_of({});
    ports.host_ports = {5432};
    CHECK_EQ(hold_scope(ports, parent).error().code, Code::host_denied);
    auto agent = scope_of({});
    agent.brokers = {"ssh-agent"};
    CHECK_EQ(hold_scope(agent, parent).error().code, Code::forbidden);
}

TEST_CASE("a ceiling leaves the hosts that it names") {
    auto scope = scope_of(asking({"a.example", "@npm"}));
    scope.asks = true;
    policy::Ceiling ceiling;
    ceiling.net = "scoped";
    CHECK(narrow_scope(scope, ceiling).empty());
    CHECK(scope.asks);
    ceiling.hosts = {"npm", "pypi"};
    const auto taken = narrow_scope(scope, ceiling);
    CHECK_EQ(taken.size(), 2);
    CHECK_EQ(hosts_of(scope), "mirror.example.net");
    CHECK_FALSE(scope.asks);
}

TEST_CASE("a profile's network") {
    const auto parsed = [](const char* text) { return parse_profile("p", "p.toml", text, nullptr); };
    const auto good =
        parsed("[network]\nmode = \"scoped\"\nhosts = [\"a.example\", \"@npm\"]\ninspect = true\nasks = false\n"
               "http = [{ host = \"b.example\", methods = [\"GET\"], paths = [\"/v1\"] }]\n"
               "host_ports = [5432]\npublish = [\"8080:80\"]\nssh_keys = [\"SHA256:abc\"]\nsecrets = [\"A\"]\n");
    REQUIRE(good);
    CHECK_EQ(good->network.hosts.size(), 3);
    CHECK_EQ(good->network.hosts.front().from.value_or(""), "profile p");
    CHECK_EQ(good->network.publish.front().port, 80);
    for (const auto* bad :
         {"[network]\nmode = \"host\"\n", "[network]\nhosts = [\"1.2.3.4\"]\n", "[network]\nhots = []\n",
          "[network]\nhttp = [{ host = \"b.example\", methods = [\"GET\"] }]\n", "[network]\nhost_ports = [0]\n",
          "[network]\nhost_ports = [\"1\"]\n", "[network]\npublish = [\"80\"]\n",
          "[network]\nssh_keys = [\"MD5:x\"]\n"})
        CHECK_FALSE_MESSAGE(parsed(bad), bad);
}

TEST_CASE("what two profiles have in common of the network") {
    ProfileNetwork wide, narrow;
    wide.mode = narrow.mode = "scoped";
    wide.hosts = {rule("*.example.com"), rule("b.example.org")};
    narrow.hosts = {rule("a.example.com"), rule("c.example.org")};
    CHECK_EQ(narrower(narrow, wide).hosts.size(), 1);
    wide.ssh_keys = {"SHA256:a"};
    narrow.ssh_keys = {"SHA256:b"};
    CHECK_EQ(narrower(narrow, wide).ssh_keys,
             std::vector<std::string>{"SHA256:none"}); // an empty list would be all keys
    CHECK_EQ(narrower(narrow, {.mode = "none"}).mode, "none");
}

TEST_CASE("hosts are read from what this machine says") {
    const auto hosts = [](const char* text, std::vector<std::string> keys) {
        std::string out;
        for (const auto& host : hosts_in(text, keys)) out += (out.empty() ? "" : " ") + text_of(host);
        return out;
    };
    CHECK_EQ(
        hosts("# registry=https://no.example\nregistry=https://user:pass@Mirror.example:8443/npm/\n", {"registry"}),
        "mirror.example:8443");
    CHECK_EQ(hosts("@me:registry = \"http://a.example/\"\nother=https://no.example\n", {"registry"}), "a.example:80");
    CHECK_EQ(hosts("deb [signed-by=/x] http://d.example/debian stable main\n", {"deb"}), "d.example:80");
    CHECK_EQ(hosts("URIs: https://d.example/ https://e.example\n", {"URIs"}), "d.example:443 e.example:443");
    CHECK_EQ(hosts("<url>https://m.example/repo</url>", {"url"}), "m.example:443");
    const auto* maven = "<?xml version=\"1.0\"?>\n<settings>\n<!--\n  <url>https://no.example/repo</url>\n-->\n"
                        "<mirrors>\n<mirror>\n<url>http://0.0.0.0/</url>\n<blocked>true</blocked>\n</mirror>\n"
                        "<mirror>\n<url>https://m.example/repo</url>\n</mirror>\n</mirrors>\n</settings>\n";
    CHECK_EQ(hosts(maven, {"url"}), "m.example:443");
    CHECK_EQ(hosts("<settings>\n<!-- <url>https://no.example/</url>\n", {"url"}), ""); // never closed: all of it
    CHECK_EQ(hosts("index = \"sparse+https://c.example/index/\"\n", {"index"}), "c.example:443");
    CHECK_EQ(hosts("GOPROXY=https://g.example,direct\n", {"GOPROXY"}), "g.example:443");
    CHECK_EQ(hosts("registry=file:///etc/shadow\nregistry=https:///x\nregistry=https://*\n", {"registry"}), "");
}
