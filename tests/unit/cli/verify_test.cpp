// What owhalectl audit verify reads before it believes anything: texts of events, lines of exports.

#include <algorithm>
#include <random>
#include <string>

#include "cli/verify/body.hpp"
#include "cli/verify/edge.hpp"
#include "cli/verify/export_lines.hpp"
#include "cli/verify/narrowing.hpp"
#include "cli/verify/pass.hpp"
#include "cli/verify/swaps.hpp"

#include "checks.hpp"

using namespace owhale::cli::verify;

namespace {

const std::string kEvent =
    R"({"data":{"a":[1,-2,true,null],"b":"é\n\u0001\"\\"},"event":"run.intent","id":"x","outcome":"pending",)"
    R"("principal":"unix:1000","run":"","time":"2026-11-27T04:32:56.123456Z","v":1,"verb":"runs.create"})";

} // namespace

TEST_CASE("an event's members are found where they stand") {
    const auto body = read_body(kEvent);
    REQUIRE(body);
    CHECK(body->event == "run.intent");
    CHECK(body->principal == "unix:1000");
    CHECK(body->run.empty());
    CHECK(body->verb == "runs.create");
    CHECK(microseconds(body->time) == 1795753976123456);
    CHECK(body->data.front() == '{');
}

TEST_CASE("JSON that says the same in another way is not canonical") {
    for (const auto* text :
         {R"({"a":1,"b":2})", R"({"":[],"a":{}})", R"("\u001f\b\t\n\f\r")", "0", "-1", "9007199254740991", R"("𝄞é")",
          // UTF-16 order: the pair of U+1D11E comes before U+FB33
          "{\"\xf0\x9d\x84\x9e\":1,\"\xef\xac\xb3\":2}"})
        CHECK_MESSAGE(is_canonical(text), text);
    for (const auto* text : {"",
                             " 1",
                             "1 ",
                             "01",
                             "-0",
                             "1.0",
                             "1e3",
                             "+1",
                             "9007199254740992",
                             R"({"a":1,"a":2})",
                             R"({"b":1,"a":2})",
                             R"({"a": 1})",
                             R"([1, 2])",
                             R"([1,])",
                             R"({"a":1,})",
                             R"("\/")",
                             R"("\u000a")",
                             R"("\u001F")",
                             R"("\u0041")",
                             R"("\ud834\udd1e")",
                             "\"\n\"",
                             "\"\xff\"",
                             "\"\xc0\x80\"",
                             "\"\xed\xa0\x80\"",
                             "\"a",
                             "[",
                             "{",
                             "tru",
                             "nul",
                             "{\"\xef\xac\xb3\":1,\"\xf0\x9d\x84\x9e\":2}"})
        CHECK_MESSAGE(!is_canonical(text), text);
    CHECK(is_canonical(std::string(60, '[') + std::string(60, ']')));
    CHECK(!is_canonical(std::string(100'000, '[')));
}

TEST_CASE("whatever is broken in an event is read to its end and no further") {
    std::mt19937 random(20261127);
    for (int round = 0; round < 30'000; ++round) {
        std::string text = kEvent.substr(0, 1 + random() % kEvent.size());
        for (auto changes = random() % 4; changes > 0; --changes)
            text[random() % text.size()] = static_cast<char>(random());
        const std::vector<char> exact(text.begin(), text.end()); // so that a sanitizer sees the end
        const std::string_view view(exact.data(), exact.size());
        if (read_body(view)) CHECK(is_canonical(view));
        read_export_line("{\"seq\":1,\"hash\":\"" + text);
        read_export_line(view);
        microseconds(view.substr(0, 27));
    }
}

TEST_CASE("times have one form") {
    CHECK(microseconds("1970-01-01T00:00:00.000001Z") == 1);
    CHECK(microseconds("2024-02-29T23:59:59.999999Z") == 1709251199999999);
    for (const auto* text : {"", "2026-11-27T04:32:56Z", "2026-11-27 04:32:56.123456Z", "2026-11-27T04:32:56.12345xZ"})
        CHECK(!microseconds(text));
}

TEST_CASE("lines of an export") {
    const auto hash = std::string(64, 'a');
    const auto text =
        "{\"seq\":7,\"hash\":\"" + hash + "\",\"event\":" + kEvent + "}"; // the line's json is a part of it
    const auto line = read_export_line(text);
    REQUIRE(line);
    CHECK(line->kind == ExportLine::Kind::event);
    CHECK(line->seq == 7);
    CHECK(line->json == kEvent);
    CHECK(read_export_line("{\"seq\":7,\"hash\":\"" + hash + "\",\"dropped\":true}")->kind ==
          ExportLine::Kind::dropped);
    CHECK(read_export_line(R"({"checkpoint":"a\nb"})")->text == "a\nb");
    CHECK(read_export_line(R"({"problem":{"code":"x","detail":"gone"}})")->text == "gone");
    CHECK(read_export_line("")->kind == ExportLine::Kind::blank);
    for (const auto& wrong : {std::string("{}"), std::string("x"), std::string(R"({"seq":-1})"),
                              "{\"seq\":7,\"hash\":\"" + std::string(64, 'A') + "\",\"dropped\":true}",
                              "{\"seq\":99999999999999999999,\"hash\":\"" + hash + "\",\"dropped\":true}"})
        CHECK(!read_export_line(wrong));
}

TEST_CASE("an edge's root is that of the tree, whatever is right of it") {
    std::vector<Hash> leaves;
    Edge edge;
    merkle::Frontier frontier;
    for (unsigned i = 0; i < 600; ++i) {
        const auto leaf = merkle::leaf_hash(std::to_string(i));
        edge.add(leaf);
        frontier.add(leaf);
        CHECK(edge.root() == frontier.root());
    }
}

TEST_CASE("a pass over any rows ends, and says what is wrong") {
    std::mt19937 random(7);
    for (int round = 0; round < 300; ++round) {
        Report report;
        std::vector<Claim> claims(2);
        claims[0].size = 300;
        claims[1] = {700, {}, 0};
        Pass pass(report, claims, [](unsigned, std::uint64_t) { return Pass::Node{}; });
        std::uint64_t seq = 1;
        for (int i = 0; i < 600; ++i) {
            seq += random() % 50 == 0 ? random() % 400 : 1;
            const auto hash = merkle::leaf_hash(kEvent);
            pass.take({.seq = random() % 100 == 0 ? random() : seq, .hash = hash, .json = kEvent});
        }
        pass.finish({{20, 30}});
        CHECK(report.bad > 0);
        CHECK(pass.held(0) == 0);
    }
}

TEST_CASE("a problem of an event whose leaf was tried does not speak for a checkpoint that fails") {
    const auto leaf = merkle::leaf_hash(kEvent);
    for (const auto* kind : {"signature_wrong", "drop_invented", "inserted", "reordered", "changed"}) {
        Report report;
        Pass pass(report, {Claim{3, merkle::root_of(std::vector(3, leaf))}, Claim{10, Hash{}}}, {});
        for (std::uint64_t seq = 1; seq <= 10; ++seq) {
            if (seq == 8) pass.add_problem(seq, {}, kind, "");
            pass.take({.seq = seq, .hash = leaf, .json = kEvent});
        }
        pass.finish({});
        const auto first = first_bad(report);
        REQUIRE(first);
        CHECK(first->seq == 4);
        CHECK(first->through == 8);
        CHECK(!report.unconfirmed);
    }
}

TEST_CASE("of very many problems those nearest to the beginning are kept, whenever they were found") {
    Report report;
    Pass pass(report, {}, {});
    for (std::uint64_t seq = 5000; seq > 3000; --seq) pass.add_problem(seq, {}, "changed", "");
    for (std::uint64_t seq = 6000; seq < 9000; ++seq) pass.add_problem(seq, {}, "changed", "");
    pass.add_problem(2000, 7000, "changed", "");
    CHECK(report.bad == 5001);
    REQUIRE(report.problems.size() == 1000);
    const auto [least, most] = std::ranges::minmax_element(report.problems, {}, &Problem::seq);
    CHECK(least->seq == 2000);
    CHECK(most->seq == 3999);
}

TEST_CASE("two leaves that changed places are found in a tree of any size, behind what is known to be right") {
    Edge before;
    before.add(merkle::leaf_hash("a tile"));
    for (const std::size_t count : {2u, 3u, 47u, 64u, 100u}) {
        std::vector<Hash> leaves;
        for (std::size_t i = 0; i < count; ++i) leaves.push_back(merkle::leaf_hash(std::to_string(i)));
        const auto root = *before.root(merkle::root_of(leaves));
        const auto one = count / 3, other = count - 1;
        std::swap(leaves[one], leaves[other]);
        CHECK(find_swap(leaves, 0, before, root) == std::pair(one, other));
        CHECK(find_swap(leaves, one, before, root) == std::pair(one, other));
        CHECK(!find_swap(leaves, one + 1, before, root));
        CHECK(!find_swap(leaves, 0, Edge(), root));
    }
    CHECK(!find_swap({}, 0, before, {}));
}

TEST_CASE("where a log departs from what is kept of it is narrowed by all that is said") {
    using State = Claim::State;
    const auto claim = [](std::uint64_t size, int anchor, State state) { return Claim{size, {}, anchor, state}; };
    const std::vector<bool> forgeable{false, true};
    CHECK(!narrowed({}, forgeable));
    CHECK(!narrowed(std::vector{claim(9, -1, State::differs), claim(99, 0, State::beyond)}, forgeable));
    const auto plain =
        narrowed(std::vector{claim(5, -1, State::holds), claim(12, -1, State::holds), claim(12, 0, State::holds),
                             claim(30, 1, State::differs), claim(47, 0, State::differs)},
                 forgeable);
    REQUIRE(plain);
    CHECK(plain->after == 12);
    CHECK(plain->through == 30);
    CHECK(plain->matching == 0);
    CHECK(plain->refuting == std::vector{1, 0});
    CHECK(!plain->signed_anew);
    const auto own = narrowed(
        std::vector{claim(12, 0, State::holds), claim(20, -1, State::holds), claim(47, 0, State::differs)}, forgeable);
    REQUIRE(own);
    CHECK(own->after == 12);
    CHECK(own->matching == 0);
    CHECK(own->keyed == 20);
    CHECK(own->keyed_by == -1);
    CHECK(!own->held_beyond);
    // What the key signs bounds nothing from below where an anchor refutes; nor does what holds there by another word.
    const auto anew =
        narrowed(std::vector{claim(12, 0, State::holds), claim(20, -1, State::holds), claim(25, 1, State::holds),
                             claim(47, 0, State::differs), claim(50, -1, State::holds)},
                 forgeable);
    REQUIRE(anew);
    CHECK(anew->signed_anew);
    CHECK(anew->after == 12);
    CHECK(anew->matching == 0);
    auto differing = claim(47, 0, State::differs);
    differing.explained = true;
    const auto tile =
        narrowed(std::vector{claim(20, -1, State::holds), differing, claim(50, -1, State::holds)}, forgeable);
    REQUIRE(tile);
    CHECK(!tile->signed_anew);
    CHECK(tile->after == 0);
    CHECK(tile->keyed == 20);
    const auto alone = narrowed(
        std::vector{claim(25, 1, State::holds), claim(47, 1, State::differs), claim(47, -1, State::holds)}, forgeable);
    REQUIRE(alone);
    CHECK(alone->after == 0);
    CHECK(alone->keyed == 0);
    const auto told = narrowed(std::vector{claim(25, 1, State::holds), claim(47, 1, State::differs)}, forgeable);
    REQUIRE(told);
    CHECK(told->after == 0);
    CHECK(told->keyed == 25);
    CHECK(told->keyed_by == 1);
    const auto beyond =
        narrowed(std::vector{claim(12, 0, State::holds), differing, claim(50, 0, State::holds)}, forgeable);
    REQUIRE(beyond);
    CHECK(beyond->held_beyond);
}

TEST_CASE("the first bad event is what all problems together say") {
    const auto first = [](std::vector<Problem> problems) {
        const Report report{.bad = problems.size(), .problems = std::move(problems)};
        const auto found = first_bad(report);
        return found ? std::pair(found->seq, found->through.value_or(found->seq))
                     : std::pair<std::uint64_t, std::uint64_t>();
    };
    CHECK(first({}) == std::pair<std::uint64_t, std::uint64_t>(0, 0));
    CHECK(first({{13, 47, "rewritten", ""}, {20, {}, "changed", ""}}) ==
          std::pair<std::uint64_t, std::uint64_t>(13, 20));
    CHECK(first({{16, 18, "missing", ""}}) == std::pair<std::uint64_t, std::uint64_t>(16, 16));
    CHECK(first({{1, 256, "node_changed", ""}, {20, {}, "changed", ""}}) ==
          std::pair<std::uint64_t, std::uint64_t>(20, 20));
    CHECK(first({{1, 256, "node_changed", ""}}) == std::pair<std::uint64_t, std::uint64_t>(1, 256));
    CHECK(first({{1, {}, "key_swapped", ""}, {20, {}, "changed", ""}}) ==
          std::pair<std::uint64_t, std::uint64_t>(1, 1));
}
