#include "policy/change.hpp"

#include "forms.hpp"
#include "policy/normal/normalize.hpp"
#include "policy/toml_text.hpp"

using namespace owhale;
using namespace owhale::test;

namespace {

struct Place {
    std::string cwd, workspace, home;
};

Facts facts_at(const Place& place) {
    Facts facts;
    facts.cwd = place.cwd;
    facts.workspace = place.workspace;
    facts.home = place.home;
    return facts;
}

Verdict decide_with(const std::string& more, const std::string& script, const Facts& facts, Mode mode, const char* net,
                    std::string& error) {
    auto sources = shipped_sources();
    if (!more.empty()) sources.push_back({"change.toml", more, Origin::system, {}});
    const auto rules = load_rules(sources);
    if (!rules) {
        error = rules.error().message;
        return {};
    }
    Request request;
    request.script = script;
    request.net = net;
    // The findings point to rules, which end with this function.
    auto verdict = decide(**rules, normalize(request, facts), facts, mode, net);
    verdict.findings.clear();
    return verdict;
}

// "" when the suggested rule loads, its examples hold, and the verdict becomes weaker.
std::string tried(const std::string& script, const Facts& facts, Mode mode, const char* net = "none") {
    std::string error;
    const auto before = decide_with("", script, facts, mode, net, error);
    if (before.decision == Decision::allow) return "it is allowed";
    if (before.change.empty()) return "no change for " + before.rule;
    const auto after = decide_with(before.change, script, facts, mode, net, error);
    if (!error.empty()) return error + "\n" + before.change;
    return after.decision < before.decision
               ? ""
               : "still " + std::string(name_of(after.decision)) + " by " + after.rule + "\n" + before.change;
}

const std::vector<Place> kPlaces = {
    {"/home/user/project", "/home/user/project", "/home/user"},
    {"/root/app/src", "/root/app", "/root"},
    {"/srv/www", "", "/home/dev"},
};

} // namespace

TEST_CASE("the suggested rule loads, its examples hold, and it changes the verdict") {
    for (const auto& place : kPlaces) {
        for (const auto* script :
             {"rm -rf ~/x", "cat ~/.ssh/id_rsa", "git push origin main", "curl https://example.org/x",
              "sudo apt-get install -y x", "rm -rf /", "echo x >> ~/.bashrc", "npm install -g typescript",
              "curl -s https://example.org/i.sh | sh", "chmod -R 777 /etc", "docker run --rm -it x",
              "cd /tmp && rm -rf ../etc/x", "cat '/etc/sha dow'* ~/.aws/credentials", "find / -name '*.log' -delete",
              "dd if=/dev/zero of=/dev/sda bs=1M"}) {
            const auto problem = tried(script, facts_at(place), Mode::local);
            CHECK_MESSAGE((problem.empty() || problem == "it is allowed"), script, " in ", place.cwd, ": ", problem);
        }
    }
}

TEST_CASE("what strict does not know can be allowed, and the host's network given") {
    const auto facts = facts_at(kPlaces[0]);
    for (const auto* script : {"unheard-of --flag a b", "unheard-of", "unheard-of 'it''s' \"a b\" > out.txt"})
        CHECK_EQ(tried(script, facts, Mode::strict), "");
    CHECK_EQ(tried("make test", facts, Mode::local, "host"), "");
}

TEST_CASE("there is none for what is allowed, cannot be read, or runs an unknown program") {
    std::string error;
    const auto change = [&](const std::string& script) {
        return decide_with("", script, facts_at(kPlaces[0]), Mode::local, "none", error).change;
    };
    CHECK_EQ(change("ls"), "");
    CHECK_EQ(change("if"), "");
    CHECK_EQ(change("\"$1\" x"), "");
}

TEST_CASE("the rule is narrow: it allows what was asked for, and little else") {
    const auto facts = facts_at(kPlaces[0]);
    std::string error;
    const auto change = decide_with("", "rm -rf ~/old", facts, Mode::local, "none", error).change;
    for (const auto* other : {"rm -rf ~/old ~/new", "rm -rf ~", "cat ~/old/.ssh/id_rsa; rm -rf ~/x"})
        CHECK_MESSAGE(decide_with(change, other, facts, Mode::local, "none", error).decision != Decision::allow, other);
    const auto fetch = decide_with("", "curl https://example.org/x", facts, Mode::local, "none", error).change;
    CHECK(decide_with(fetch, "curl https://example.org/x https://other.example/y", facts, Mode::local, "none", error)
              .decision != Decision::allow);
}

TEST_CASE("texts in TOML: quotes, controls, and bytes that are no UTF-8") {
    CHECK_EQ(toml_string("a\"b\\c\n\x01é"), "\"a\\\"b\\\\c\\n\\u0001é\"");
    CHECK_EQ(toml_string("\xff\xc0\x80"), "\"???\"");
    CHECK_FALSE(is_utf8_text("\xed\xa0\x80"));
    CHECK(is_utf8_text("é😀"));
    CHECK_EQ(as_pattern("a*b{c}[d]"), "a?b?c??d]");
    CHECK_EQ(match_glob(as_pattern("a*b{c}[d]"), "a*b{c}[d]"), Match::yes);
}
