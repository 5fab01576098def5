#include "desk_side.hpp"

#include "approvals/prompt_counts.hpp"
#include "approvals/suggestions.hpp"

using namespace owhale;
using namespace owhale::approvals;

namespace {

using Words = std::vector<std::string>;
constexpr std::int64_t kHour = 3'600ll * 1'000'000, kNow = 500'000 * kHour + 17;

struct Side : approvals::test::DeskSide {
    Side() : counts({io.get_executor(), settings, *log, *database}) { freeze_wall_clock(kNow); }
    PromptCounts counts;
};

api::Approval answered(Words command, const std::string& state = "used", const std::string& change = "") {
    api::Approval approval;
    approval.principal = "unix:1000";
    approval.cwd = "/home/u/p";
    approval.command = std::move(command);
    approval.state = state;
    approval.verdict.rule = "destroy.rm";
    approval.verdict.severity = "high";
    if (!change.empty()) approval.verdict.change = change;
    approval.offer = api::GrantOffer{};
    return approval;
}

std::string rule(const std::string& example, const std::string& id = "local.allow-rm") {
    return "[[rule]]\nid = \"" + id + "\"\ndecision = \"allow\"\nreason = \"x\"\nprogram = \"rm\"\nmatch = [\"" +
           example + "\"]\nno_match = [\"ls\"]\n";
}

} // namespace

TEST_CASE("questions are counted by principal and hour, and flood once") {
    Side side;
    for (int i = 0; i < 3; ++i) {
        CHECK_FALSE(side.counts.over_budget("unix:1000"));
        side.counts.count("unix:1000", Asked::asked);
    }
    CHECK(side.counts.over_budget("unix:1000"));
    CHECK_FALSE(side.counts.over_budget("unix:1001"));
    for (int i = 0; i < 5; ++i) side.counts.count("unix:1000", Asked::throttled);
    side.counts.count("unix:1000", Asked::granted);
    side.turn([&] { return !side.events("approval.flooded").empty(); });
    CHECK(side.events("approval.flooded").size() == 1);
    const auto rows = side.counts.list("unix:1000", 1);
    REQUIRE(rows->size() == 1);
    CHECK(rows->front().asked == 3);
    CHECK(rows->front().throttled == 5);
    CHECK(rows->front().granted == 1);
    freeze_wall_clock(kNow + kHour);
    CHECK_FALSE(side.counts.over_budget("unix:1000")); // another hour
    CHECK(side.counts.list("", 1)->empty());
    CHECK(side.counts.list("", 2)->size() == 1);
    CHECK(side.counts.remove_before(kNow + kHour).has_value());
    CHECK(side.counts.list("", 100)->empty());
}

TEST_CASE("what people agreed to again and again is suggested, what they refused is not") {
    const std::vector<api::Approval> all = {answered({"rm", "-r", "a b"}),
                                            answered({"rm", "-r", "c"}),
                                            answered({"rm", "-r", "d"}),
                                            answered({"rm", "-r", "e"}),
                                            answered({"kill", "12"}),
                                            answered({"kill", "13"}),
                                            answered({"kill", "14"}),
                                            answered({"mkfs", "1"}),
                                            answered({"mkfs", "2"}),
                                            answered({"chmod", "1", "x"}),
                                            answered({"chmod", "1", "x"}, "denied"),
                                            answered({"ls"})};
    const auto out = suggest(all);
    REQUIRE(out.size() == 2);
    CHECK(out[0].spares == 3);
    CHECK(out[0].text == "rm -r <word>");
    CHECK(out[0].examples.front() == "rm -r 'a b'");
    CHECK(out[1].text == "kill <number>");
}

TEST_CASE("an example is one line of at most 200 bytes; twice is no habit") {
    std::string text = "echo 1\necho ";
    for (int i = 0; i < 300; ++i) text += "ä";
    std::vector<api::Approval> all(2, answered({text}, "used", rule("x")));
    CHECK(suggest(all).empty());
    all.push_back(all.front());
    const auto out = suggest(all);
    REQUIRE_FALSE(out.empty());
    for (const auto& one : out) {
        REQUIRE(one.examples.size() == 1);
        const auto& example = one.examples.front();
        CHECK(example.size() <= 200);
        CHECK(example.starts_with("'echo 1 echo ä"));
        CHECK(example.ends_with("ä…"));
    }
}

TEST_CASE("options are never suggested to vary, nor is what cannot be granted, nor what is masked or critical") {
    auto no_offer = answered({"sudo", "x"});
    no_offer.offer->refused = "wrapper";
    auto critical = answered({"dd", "x"});
    critical.verdict.severity = "critical";
    const std::vector<api::Approval> all = {answered({"rm", "-r"}),
                                            answered({"rm", "-f"}),
                                            answered({"rm", "-i"}),
                                            no_offer,
                                            no_offer,
                                            no_offer,
                                            critical,
                                            critical,
                                            critical,
                                            answered({"curl", "[redacted:x]"}),
                                            answered({"curl", "[redacted:x]"}),
                                            answered({"curl", "[redacted:x]"})};
    CHECK(suggest(all).empty());
}

TEST_CASE("rules carry the examples of all that they would have let pass, under names of their own") {
    const std::vector<api::Approval> all = {answered({"rm", "a"}, "used", rule("rm a")),
                                            answered({"rm", "b"}, "used", rule("rm b")),
                                            answered({"rm", "b"}, "used", rule("rm b")),
                                            answered({"rm", "c"}, "used", rule("rm c") + "removes = \"x\"\n"),
                                            answered({"rm", "c"}, "used", rule("rm c") + "removes = \"x\"\n"),
                                            answered({"rm", "c"}, "used", rule("rm c") + "removes = \"x\"\n"),
                                            answered({"dd"}, "denied", rule("dd", "local.allow-dd")),
                                            answered({"x"}, "used", rule("x") + "\n" + rule("y"))};
    std::vector<api::Suggestion> rules;
    for (const auto& one : suggest(all))
        if (one.kind == "rule") rules.push_back(one);
    REQUIRE(rules.size() == 2);
    CHECK(rules[0].spares == 3);
    CHECK(rules[0].text.find("match = [\"rm a\", \"rm b\"]") != std::string::npos);
    CHECK(rules[1].text.find("id = \"local.allow-rm-n2\"") != std::string::npos);
}
