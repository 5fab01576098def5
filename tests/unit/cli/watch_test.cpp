#include "checks.hpp"
#include "cli/approvals.hpp"
#include "cli/event_lines.hpp"
#include "cli/watch_model.hpp"

using namespace owhale;
using namespace owhale::cli;

namespace {

api::Approval waiting(const std::string& id, std::vector<std::string> command) {
    api::Approval approval;
    approval.id = id;
    approval.state = "pending";
    approval.principal = "unix:1000";
    approval.severity = "high";
    approval.digest = "digest-of-" + id;
    approval.created = "2026-11-26T18:39:48.000000Z";
    approval.expires = "2026-11-26T18:49:48.000000Z";
    approval.verdict.rule = "own.ask";
    approval.command = command;
    api::Frozen frozen;
    frozen.argv = std::move(command);
    approval.frozen = std::move(frozen);
    return approval;
}

struct Person {
    WatchModel model;
    Moment now{1'000'000, 1'795'718'400};
    KeyReader keys;

    explicit Person(const std::vector<api::Approval>& all) {
        model.set_account("user:bob");
        model.listed(all);
        for (const auto& one : all) model.loaded(one);
        look(0);
    }
    void look(std::int64_t ms) {
        now.ms += ms;
        model.frame({60, 100}, now);
    }
    Wish type(std::string_view bytes) {
        Wish last;
        for (const auto& press : keys.take(bytes)) last = model.press(press, now);
        model.frame({60, 100}, now);
        return last;
    }
    // The window is open, so that one key decides.
    void open_window() { static_cast<void>(model.window_opened("2026-11-26T18:45:00Z", now)); }
};

} // namespace

TEST_CASE("a key counts from half a second on, and for what is on the screen") {
    Person person({waiting("a1", {"git", "push"}), waiting("b2", {"ls"})});
    person.open_window();
    person.look(499);
    CHECK(person.type("y").what == Wish::What::nothing);
    person.look(1);
    auto wish = person.type("y");
    REQUIRE(wish.what == Wish::What::decide);
    CHECK(wish.word.items.front().id == "a1");
    CHECK(wish.word.items.front().digest == "digest-of-a1");
    person.model.decided(wish.word.items, "a1: approved");
    person.look(0);
    CHECK(person.type("y").what == Wish::What::nothing); // another one is there now
    person.look(500);
    CHECK(person.type("y").word.items.front().id == "b2");
}

TEST_CASE("keys that came together, were pasted, or meant what is gone decide nothing") {
    Person person({waiting("a1", {"git", "push"}), waiting("b2", {"ls"})});
    person.open_window();
    person.look(1000);
    CHECK(person.type("yy").what == Wish::What::nothing);
    CHECK(person.type("\x1b[200~y\x1b[201~").what == Wish::What::nothing);
    CHECK(person.type("\x1b[By").what == Wish::What::nothing);
    person.model.listed({waiting("a1", {"git", "push"})}); // b2, which was chosen, is gone
    CHECK(person.type("y").what == Wish::What::nothing);
}

TEST_CASE("without a window the password comes first, and a wrong one decides nothing") {
    Person person({waiting("a1", {"git", "push"})});
    person.look(1000);
    CHECK(person.type("y").what == Wish::What::nothing);
    auto wish = person.type("secret\r");
    REQUIRE(wish.what == Wish::What::open_window);
    CHECK(wish.password.text() == "secret");
    person.model.refused("That is wrong", true);
    CHECK(person.type("\x1b").what == Wish::What::nothing);
    CHECK(person.model.window_opened("2026-11-26T18:45:00Z", person.now).what == Wish::What::decide);
}

TEST_CASE("what one's own decision did stays on the screen when the list is quicker than its answer") {
    Person person({waiting("a1", {"git", "push"})});
    person.open_window();
    person.look(1000);
    const auto wish = person.type("y");
    REQUIRE(wish.what == Wish::What::decide);
    person.model.listed({});
    CHECK(person.model.take_gone() == std::vector<std::string>{"a1"});
    person.model.decided(wish.word.items, "a1: used, and a grant is stored");
    auto ended = waiting("a1", {"git", "push"});
    ended.state = "approved";
    ended.decisions.push_back({.by = "user:bob", .decision = "approve"});
    person.model.ended(ended);
    std::string screen;
    for (const auto& line : person.model.frame({60, 100}, person.now).lines)
        for (const auto& part : line) screen += part.text;
    CHECK(screen.find("a grant is stored") != std::string::npos);
    CHECK(screen.find("approved by") == std::string::npos);
}

TEST_CASE("like requests have the same program, options and rule, of the same principal") {
    auto other = waiting("e5", {"git", "push", "origin", "c"});
    other.principal = "unix:2";
    Person person({waiting("a1", {"git", "push", "origin", "a"}), waiting("b2", {"git", "push", "origin", "b"}),
                   waiting("c3", {"git", "push", "--force", "b"}), waiting("d4", {"git", "push", "origin"}), other});
    person.open_window();
    person.look(1000);
    person.type("b");
    person.look(1000);
    while (person.type(" ").what != Wish::What::nothing) {}
    person.look(1000);
    const auto wish = person.type("y");
    REQUIRE(wish.what == Wish::What::decide);
    REQUIRE(wish.word.items.size() == 2);
    CHECK(wish.word.items[1].id == "b2");
}

TEST_CASE("keys out of bytes") {
    KeyReader keys;
    CHECK(keys.take("\x1b").front().key == Key::escape);
    CHECK(keys.take("\x1b[").empty());
    CHECK(keys.take("A").front().key == Key::up);
    const auto cut = keys.take("\xc3");
    CHECK(cut.empty());
    CHECK(keys.take("\xa9").front().text == "\xc3\xa9");
    CHECK(keys.take("\x9b"
                    "1m")
              .size() == 3);
    CHECK(keys.take("y").front().alone);
    CHECK(!keys.take("\x1b[200~y").front().alone);
    CHECK(keys.take("z").front().pasted);
}

TEST_CASE("events out of bytes that are cut anywhere") {
    const std::string stream =
        ": hello\nretry: 2000\n\nid: 7\nevent: approval.requested\ndata: {\"a\":1}\ndata: 2\n\nid:8\ndata:x\n\n";
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        EventLines lines;
        std::vector<ServerEvent> seen;
        const auto take = [&](const ServerEvent& event) { seen.push_back(event); };
        lines.take(stream.substr(0, cut), take);
        lines.take(stream.substr(cut), take);
        REQUIRE(seen.size() == 2);
        CHECK(seen[0].event == "approval.requested");
        CHECK(seen[0].data == "{\"a\":1}\n2");
        CHECK(lines.last_id() == "8");
    }
}

TEST_CASE("the words of a template") {
    CHECK(template_words("git push <word> 'two words' a\"b c\"").value() ==
          std::vector<std::string>{"git", "push", "<word>", "two words", "ab c"});
    CHECK(template_words(R"(["git","<word>"])").value() == std::vector<std::string>{"git", "<word>"});
    CHECK(!template_words("").has_value());
    CHECK(!template_words("a 'b").has_value());
    CHECK(!template_words("[1]").has_value());
}
