#include "sandbox/rules.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "checks.hpp"

using namespace owhale;
using namespace owhale::sandbox;
namespace asio = boost::asio;

namespace {

std::string rule(const std::string& id, const std::string& decision = "deny") {
    return "[[rule]]\nid = \"" + id + "\"\ndecision = \"" + decision +
           "\"\nreason = \"A test.\"\nprogram = [\"nproc\"]\nmatch = [\"nproc\"]\nno_match = [\"ls\"]\n";
}

struct Stage {
    asio::io_context io;
    Result<std::vector<policy::Source>> given = std::vector<policy::Source>{};
    Rules rules{[this]() -> asio::awaitable<Result<std::vector<policy::Source>>> { co_return given; }};

    template <typename T> T wait(asio::awaitable<T> act) {
        std::optional<T> answer;
        asio::co_spawn(io, std::move(act), [&](std::exception_ptr, T value) { answer.emplace(std::move(value)); });
        io.restart();
        io.run();
        return std::move(*answer);
    }
    bool has(const std::string& id) const { return has(rules.current(), id); }
    static bool has(const Rules::Set& set, const std::string& id) {
        for (const auto& one : set->rules)
            if (one.id == id) return true;
        return false;
    }
};

std::shared_ptr<const ProjectFile> file(std::string text, std::uint64_t ino, std::string path = "/p/.owhaled.toml") {
    auto made = std::make_shared<ProjectFile>();
    made->path = std::move(path);
    made->text = std::move(text);
    made->fact.ino = ino;
    return made;
}

} // namespace

TEST_CASE("a set is taken whole, or not at all") {
    Stage stage;
    stage.given = {{"/d/a.toml", rule("own.a"), policy::Origin::system}};
    REQUIRE(stage.wait(stage.rules.load()));
    CHECK(stage.has("own.a"));
    const auto before = stage.rules.current();
    stage.given->push_back({"/d/b.toml", "[[rule]\n", policy::Origin::system});
    const auto bad = stage.wait(stage.rules.load());
    REQUIRE_FALSE(bad);
    CHECK_NE(bad.error().message.find("/d/b.toml:1:"), std::string::npos);
    CHECK_EQ(stage.rules.current(), before);
    stage.given = fail(Code::config_invalid, "gone");
    CHECK_FALSE(stage.wait(stage.rules.load()));
    CHECK_EQ(stage.rules.current(), before);
}

TEST_CASE("a project's file stands on the rules in force, and is read once") {
    Stage stage;
    REQUIRE(stage.wait(stage.rules.load()));
    const auto set = stage.wait(stage.rules.with({file(rule("p.a"), 1)}, 7));
    REQUIRE(set);
    CHECK(Stage::has(*set, "p.a"));
    CHECK_FALSE(stage.has("p.a"));
    CHECK_EQ(*stage.wait(stage.rules.with({file("not read again", 1)}, 7)), *set);
    CHECK_FALSE(stage.wait(stage.rules.with({file("not read again", 2)}, 7)));
    CHECK_FALSE(stage.wait(stage.rules.with({file(rule("p.a", "allow"), 3)}, 7)));
    const auto two = stage.wait(stage.rules.with({file(rule("p.a"), 1), file(rule("q.a"), 1, "/q/.owhaled.toml")}, 7));
    REQUIRE(two);
    CHECK(Stage::has(*two, "q.a"));
    REQUIRE(stage.wait(stage.rules.load()));
    CHECK_NE(*stage.wait(stage.rules.with({file(rule("p.a"), 1)}, 7)), *set);
}

TEST_CASE("a file that cannot be taken is named, with why") {
    const auto said = [](const char* why) {
        const auto sources = policy_sources({{"a.toml"}, {""}, {why}}, "/d");
        return sources ? std::string("taken") : to_line(sources.error());
    };
    CHECK_EQ(said(""), "taken");
    CHECK_NE(said("1").find("/d/a.toml: is not root's"), std::string::npos);
    CHECK_NE(said("40").find("link"), std::string::npos);
    CHECK_NE(said("27").find("256 KiB"), std::string::npos);
    CHECK_FALSE(policy_sources({{"a"}, {}, {}}, "/d"));
    CHECK_FALSE(policy_sources({{}, {}}, "/d"));
}
