#include "approvals/desk.hpp"
#include "approvals/prompt_counts.hpp"
#include "shared/pairing/http_signature.hpp"

#include "desk_side.hpp"

using namespace owhale;
using namespace owhale::approvals;
using sandbox::Answer;

namespace {

constexpr std::int64_t kNow = 1'800'000'000'000'000, kMinute = 60'000'000;
constexpr const char* kDigest = "00000000000000000000000000000000000000000000000000000000000000aa";

struct Scene : approvals::test::DeskSide {
    explicit Scene(const std::string& mode = "local") {
        settings.rules = config::find_mode(mode);
        settings.approval_expiry = "10m";
        settings.quorum = "1 critical=2";
        settings.approver_severity = "high";
        settings.approval_burst = 3;
        freeze_wall_clock(kNow);
        start();
    }
    void start() {
        const auto now = [this](const std::string& name) -> std::optional<identity::Principal> {
            const auto changed = since.find(name);
            return changed == since.end() ? person(name.substr(5)) : changed->second;
        };
        desk = std::make_unique<Desk>(Desk::Parts{io.get_executor(), settings, *log, *database, nullptr, tally, now});
        desk->on_answer = [this](const std::string& run, const Answer& answer) { answers[run].push_back(answer); };
        REQUIRE(run(desk->load()).has_value());
    }
    void restart() {
        desk.reset();
        log.reset();
        database.reset();
        open();
        start();
    }
    static sandbox::Plea plea(const std::string& run, const std::string& digest = kDigest, bool waits = false) {
        sandbox::Plea plea;
        plea.run = run;
        plea.principal = plea.payer = "unix:1000";
        plea.uid = 1000;
        plea.frozen.files.push_back({"/usr/bin/seq", std::string(64, 'a'), "program", true});
        plea.digest = digest;
        plea.verdict.severity = "medium";
        plea.verdict.rule = "own.ask";
        plea.command = {"seq", "3"};
        plea.waits = waits;
        plea.request = "{}";
        return plea;
    }
    std::string ask(const std::string& name, const std::string& digest = kDigest, bool waits = false) {
        auto one = plea(name, digest, waits);
        const auto id = run(desk->ask(std::move(one)));
        REQUIRE(id.has_value());
        return *id;
    }
    static identity::Principal person(const std::string& name, std::uint32_t roles = identity::kAdmin) {
        identity::Principal who;
        who.kind = identity::Kind::user;
        who.name = "user:" + name;
        identity::grant(who, roles);
        return who;
    }
    Desk::Act act(const std::string& id, const std::string& by, bool approve = true,
                  const std::string& digest = kDigest) {
        Desk::Act act;
        act.asker.who = person(by);
        act.asker.verb = "approvals.approve";
        act.asker.proof = "password for POST /x sha256:y";
        act.id = id;
        act.approve = approve;
        act.digest = digest;
        return act;
    }
    Result<api::Approval> decide(const std::string& id, const std::string& by = "bob", bool approve = true,
                                 const std::string& digest = kDigest) {
        auto one = act(id, by, approve, digest);
        return run(desk->decide(std::move(one)));
    }
    void tick() {
        run(desk->tick());
        for (int i = 0; i < 5; ++i) {
            io.restart();
            io.run_one_for(std::chrono::milliseconds(20));
        }
    }
    std::string state(const std::string& id) { return desk->show(person("root"), id)->state; }
    Code code(const Result<api::Approval>& result) { return result ? Code::internal : result.error().code; }

    Tally* tally = nullptr;
    std::map<std::string, std::optional<identity::Principal>> since; // accounts that changed, "user:bob"
    std::unique_ptr<Desk> desk;
    std::map<std::string, std::vector<Answer>> answers;
};

} // namespace

TEST_CASE(
    "in strict the key of a device that joined on this machine answers for no agent here, wherever it speaks from") {
    constexpr auto kNowhere = static_cast<uid_t>(-1);
    constexpr uid_t kOther = 100'000; // a subordinate uid, or a proxy's
    const auto decides = [](uid_t joined, uid_t speaks, bool by_token) {
        Scene scene("strict");
        auto device = Scene::person("alice");
        device.kind = identity::Kind::device;
        device.name = "device:1", device.user = "alice", device.uid = joined;
        scene.since["device:1"] = device;
        auto plea = Scene::plea("run1"); // of uid 1000
        if (by_token) plea.principal = plea.payer = "user:alice", plea.uid = kNowhere;
        const auto id = scene.run(scene.desk->ask(std::move(plea)));
        REQUIRE(id.has_value());
        auto act = scene.act(*id, "alice");
        act.asker.who = device;
        act.asker.who.uid = kNowhere; // TCP
        act.asker.peer.uid = speaks;
        return scene.run(scene.desk->decide(std::move(act))).has_value();
    };
    for (const bool by_token : {false, true}) {
        CHECK(decides(kNowhere, kNowhere, by_token));
        CHECK_FALSE(decides(kNowhere, 1000, by_token));
        for (const auto speaks : {kNowhere, uid_t{1000}, kOther}) CHECK_FALSE(decides(1000, speaks, by_token));
    }
    CHECK(decides(kNowhere, kOther, false));
    CHECK_FALSE(decides(kNowhere, kOther, true)); // nobody knows the agent's uid
}

TEST_CASE("what a device signed and the log could not keep is no answer") {
    Scene scene;
    int run = 0;
    const auto answers = [&](const std::string& body, const std::string& kept, const std::string& path = "") {
        const auto id = scene.ask("run" + std::to_string(++run));
        auto proof = std::make_shared<identity::Signed>();
        proof->digest = pairing::digest_of(body);
        proof->body = kept;
        proof->base =
            "\"@method\": POST\n\"@path\": " + (path.empty() ? "/v1/approvals/" + id + "/approve" : path) + "\n";
        auto act = scene.act(id, "bob");
        act.asker.who.kind = identity::Kind::device;
        act.asker.who.name = "device:1";
        act.asker.who.signature = proof;
        scene.since["device:1"] = act.asker.who;
        return scene.run(scene.desk->decide(std::move(act))).has_value();
    };
    CHECK(answers("{}", "{}"));
    CHECK(answers("{}", "{}", "/v1/approvals/decide"));
    CHECK_FALSE(answers("{}", "{}", "/v1/approvals/%30/approve")); // the router decodes it, verify does not
    CHECK_FALSE(answers("{}", "{}", "/v1/approvals/0/approve"));
    CHECK_FALSE(answers(std::string(9000, 'x'), "")); // longer than is kept
    const std::string secret = R"({"reason":"ghp_0123456789abcdefghijABCDEFGHIJ012345"})";
    CHECK_FALSE(answers(secret, secret));
}

TEST_CASE("one word decides, once") {
    Scene scene;
    const auto id = scene.ask("run1");
    CHECK_EQ(scene.state(id), "pending");
    const auto decided = scene.decide(id);
    REQUIRE(decided.has_value());
    CHECK_EQ(decided->state, "approved");
    CHECK_EQ(decided->decisions.at(0).by, "user:bob");
    CHECK_EQ(decided->decisions.at(0).proof, "password");
    REQUIRE_EQ(scene.answers["run1"].size(), 1);
    CHECK(scene.answers["run1"][0].word == Answer::Word::approved);
    CHECK_EQ(scene.code(scene.decide(id)), Code::approval_ended);
    CHECK_EQ(scene.code(scene.decide(id, "carol", false)), Code::approval_ended);
    const auto agreed = scene.run(scene.desk->use("run1"));
    REQUIRE(agreed.has_value());
    CHECK_EQ(agreed->approval, id);
    CHECK_EQ(agreed->by, std::vector<std::string>{"user:bob"});
    CHECK_EQ(scene.state(id), "used");
    CHECK_FALSE(scene.run(scene.desk->use("run1")).has_value());
    CHECK_EQ(scene.events("approval.decided").size(), 1);
}

TEST_CASE("a denial ends it, with its reason") {
    Scene scene;
    const auto id = scene.ask("run1");
    auto act = scene.act(id, "bob", false);
    act.digest.reset(); // who refuses need not have looked
    act.reason = "not today";
    REQUIRE(scene.run(scene.desk->decide(std::move(act))).has_value());
    CHECK_EQ(scene.state(id), "denied");
    CHECK(scene.answers["run1"].at(0).word == Answer::Word::denied);
    CHECK_EQ(scene.answers["run1"].at(0).because, "not today");
    CHECK_FALSE(scene.run(scene.desk->use("run1")).has_value());
}

TEST_CASE("another digest, another's id, and no right decide nothing") {
    Scene scene;
    const auto id = scene.ask("run1");
    CHECK_EQ(scene.code(scene.decide(id, "bob", true, std::string(64, 'b'))), Code::digest_mismatch);
    CHECK_EQ(scene.code(scene.decide("01900000-0000-7000-8000-000000000000")), Code::not_found);
    auto act = scene.act(id, "bob");
    act.asker.who = Scene::person("stranger", identity::kAgent);
    CHECK_EQ(scene.code(scene.run(scene.desk->decide(std::move(act)))), Code::not_found);
    auto lost = scene.act(id, "bob");
    lost.standing = [] { return fail(Code::forbidden, "gone"); };
    CHECK_EQ(scene.code(scene.run(scene.desk->decide(std::move(lost)))), Code::forbidden);
    CHECK_EQ(scene.state(id), "pending");
    CHECK(scene.events("approval.decided").empty());
}

TEST_CASE("two at once: one wins, and only that one is in the log") {
    Scene scene;
    const auto id = scene.ask("run1");
    auto a = scene.act(id, "bob"), b = scene.act(id, "carol", false);
    std::vector<Result<api::Approval>> results;
    const auto take = [&](std::exception_ptr, Result<api::Approval> result) { results.push_back(std::move(result)); };
    boost::asio::co_spawn(scene.io, scene.desk->decide(std::move(a)), take);
    boost::asio::co_spawn(scene.io, scene.desk->decide(std::move(b)), take);
    scene.turn([&] { return results.size() == 2; });
    CHECK_EQ(results[0].has_value() + results[1].has_value(), 1);
    CHECK_EQ(scene.events("approval.decided").size(), 1);
    CHECK_EQ(scene.answers["run1"].size(), 1);
}

TEST_CASE("a quorum is of different people") {
    Scene scene;
    auto plea = Scene::plea("run1");
    plea.verdict.severity = "critical";
    const auto id = *scene.run(scene.desk->ask(std::move(plea)));
    CHECK_EQ(scene.decide(id, "bob")->state, "pending");
    CHECK_EQ(scene.code(scene.decide(id, "bob")), Code::conflict);
    CHECK(scene.answers["run1"].empty());
    CHECK_EQ(scene.decide(id, "carol")->state, "approved");
    CHECK_EQ(scene.answers["run1"].size(), 1);
}

TEST_CASE("its own human's word does not count where two do") {
    Scene scene;
    auto plea = Scene::plea("run1");
    plea.verdict.severity = "critical";
    const auto id = *scene.run(scene.desk->ask(std::move(plea)));
    auto own = scene.act(id, "alice");
    own.asker.peer.uid = 1000;
    CHECK_EQ(scene.run(scene.desk->decide(std::move(own)))->state, "pending");
    CHECK_EQ(scene.decide(id, "bob")->state, "pending");
    CHECK_EQ(scene.decide(id, "carol")->state, "approved");
}

TEST_CASE("who lost the right between the first word and the second has not said it") {
    auto renewed = Scene::person("bob");
    renewed.must_change = true;
    const std::optional<identity::Principal> fates[] = {std::nullopt, Scene::person("bob", identity::kAgent),
                                                        Scene::person("bob", identity::kApprover), renewed};
    for (const auto& fate : fates) {
        Scene scene;
        auto plea = Scene::plea("run1");
        plea.verdict.severity = "critical"; // beyond an approver
        const auto id = *scene.run(scene.desk->ask(std::move(plea)));
        CHECK_EQ(scene.decide(id, "bob")->state, "pending");
        scene.since["user:bob"] = fate;
        const auto second = scene.decide(id, "carol");
        CHECK_EQ(second->state, "pending");
        CHECK_FALSE(second->decisions.at(0).counts);
        CHECK_EQ(scene.decide(id, "dave")->state, "approved");
        CHECK_EQ(scene.answers["run1"].size(), 1);
        CHECK(scene.run(scene.desk->use("run1")).has_value());
    }
}

TEST_CASE("who lost the right before the run went on has not said it either") {
    Scene scene;
    const auto id = scene.ask("run1");
    CHECK_EQ(scene.decide(id, "bob")->state, "approved");
    scene.since["user:bob"] = std::nullopt;
    const auto used = scene.run(scene.desk->use("run1"));
    REQUIRE_FALSE(used.has_value());
    CHECK_EQ(used.error().code, Code::approval_void);
    scene.run(scene.desk->end_void("run1", used.error().message));
    CHECK_EQ(scene.state(id), "void");
}

TEST_CASE("what the spawner found changed ends as void, and starts never again") {
    Scene scene;
    const auto id = scene.ask("run1");
    REQUIRE(scene.decide(id).has_value());
    REQUIRE(scene.run(scene.desk->use("run1")).has_value());
    scene.run(scene.desk->not_started("run1", id, "/home/u/x.sh changed"));
    const auto shown = scene.desk->show(Scene::person("root"), id);
    CHECK_EQ(shown->state, "void");
    CHECK_EQ(shown->ended_because, "/home/u/x.sh changed");
    CHECK_EQ(scene.events("approval.ended").size(), 2); // used, then void
    CHECK_FALSE(scene.run(scene.desk->use("run1")).has_value());
    scene.restart();
    CHECK_EQ(scene.state(id), "void");
    CHECK_FALSE(scene.run(scene.desk->use("run1")).has_value());
}

TEST_CASE("owhaled that dies between the two does not start it again") {
    Scene scene;
    const auto id = scene.ask("run1");
    REQUIRE(scene.decide(id).has_value());
    REQUIRE(scene.run(scene.desk->use("run1")).has_value());
    scene.restart(); // the spawner was asked, perhaps
    CHECK_EQ(scene.state(id), "used");
    CHECK_FALSE(scene.run(scene.desk->use("run1")).has_value());
    CHECK(scene.desk->all_waiting()->empty());
}

TEST_CASE("one of several that joined which did not start leaves the others be") {
    Scene scene;
    const auto id = scene.ask("run1");
    scene.ask("run2");
    REQUIRE(scene.decide(id).has_value());
    REQUIRE(scene.run(scene.desk->use("run1")).has_value());
    scene.run(scene.desk->not_started("run1", id, "x.sh changed"));
    CHECK_EQ(scene.state(id), "approved");
    CHECK(scene.run(scene.desk->use("run2")).has_value());
    CHECK_EQ(scene.state(id), "used");
}

TEST_CASE("what ended goes after keep-days, with the counts of its time; what waits stays") {
    Scene scene;
    PromptCounts counts({scene.io.get_executor(), scene.settings, *scene.log, *scene.database});
    scene.tally = &counts;
    scene.start();
    const auto old = scene.ask("run1");
    REQUIRE(scene.decide(old, "bob", false).has_value());
    freeze_wall_clock(kNow + 6 * 24 * 60 * kMinute);
    scene.desk->remove_old();
    CHECK_EQ(scene.state(old), "denied");
    CHECK_EQ(counts.list("", 1000)->size(), 1);
    freeze_wall_clock(kNow + 8 * 24 * 60 * kMinute);
    const auto waiting = scene.ask("run2");
    scene.desk->remove_old();
    CHECK_FALSE(scene.desk->show(Scene::person("root"), old).has_value());
    CHECK_EQ(scene.state(waiting), "pending");
    CHECK_EQ(counts.list("", 1000)->size(), 1);
    scene.settings.keep_days = 0; // for ever
    freeze_wall_clock(kNow + 99 * 24 * 60 * kMinute);
    scene.desk->remove_old();
    CHECK_EQ(counts.list("", 10'000)->size(), 1);
}

TEST_CASE("it expires by the wall clock, whichever way that jumps") {
    Scene scene;
    const auto first = scene.ask("run1");
    freeze_wall_clock(kNow + 9 * kMinute);
    scene.tick();
    CHECK_EQ(scene.state(first), "pending");
    freeze_wall_clock(kNow + 10 * kMinute); // before any tick
    CHECK_EQ(scene.code(scene.decide(first)), Code::approval_expired);
    scene.tick();
    CHECK_EQ(scene.state(first), "expired");
    CHECK(scene.answers["run1"].at(0).word == Answer::Word::expired);
    freeze_wall_clock(kNow - 60 * kMinute);
    scene.tick();
    CHECK_EQ(scene.state(first), "expired");
    CHECK_EQ(scene.code(scene.decide(first)), Code::approval_expired);
    const auto second = scene.ask("run2", std::string(64, 'b'));
    freeze_wall_clock(kNow + 7 * 24 * 60 * kMinute);
    scene.tick();
    CHECK_EQ(scene.state(second), "expired");
}

TEST_CASE("an approval that nobody starts is void in the end") {
    Scene scene;
    const auto id = scene.ask("run1");
    freeze_wall_clock(kNow + 9 * kMinute);
    REQUIRE(scene.decide(id).has_value());
    scene.desk->set_claimable("run1");
    CHECK(scene.desk->show(Scene::person("root"), id)->claimable);
    freeze_wall_clock(kNow + 18 * kMinute);
    scene.tick();
    CHECK_EQ(scene.state(id), "approved");
    freeze_wall_clock(kNow + 19 * kMinute);
    CHECK_FALSE(scene.run(scene.desk->use("run1")).has_value());
    scene.tick();
    CHECK_EQ(scene.state(id), "void");
}

TEST_CASE("the same question joins") {
    Scene scene;
    const auto id = scene.ask("run1"), same = scene.ask("run2");
    CHECK_EQ(id, same);
    CHECK_NE(scene.ask("run3", std::string(64, 'b')), id);
    CHECK_EQ(scene.desk->show(Scene::person("root"), id)->joined, std::vector<std::string>{"run2"});
    scene.desk->cancel("run1", "its client went");
    scene.turn([&] { return !scene.answers["run1"].empty(); });
    CHECK_EQ(scene.state(id), "pending"); // the other waits on
    REQUIRE(scene.decide(id).has_value());
    CHECK(scene.answers["run2"].at(0).word == Answer::Word::approved);
    REQUIRE(scene.run(scene.desk->use("run2")).has_value());
    CHECK_EQ(scene.state(id), "used");
}

TEST_CASE("each run that joined starts, each once") {
    Scene scene;
    const auto id = scene.ask("run1");
    scene.ask("run2");
    REQUIRE(scene.decide(id).has_value());
    REQUIRE(scene.run(scene.desk->use("run1")).has_value());
    CHECK_EQ(scene.state(id), "approved");
    CHECK_FALSE(scene.run(scene.desk->use("run1")).has_value());
    scene.run(scene.desk->end_void("run2", "x.sh changed"));
    CHECK_EQ(scene.state(id), "used");
    CHECK_NE(scene.ask("run3"), id); // a new question: the old answer is spent
}

TEST_CASE("what changed ends it as void, saying what") {
    Scene scene;
    const auto id = scene.ask("run1");
    REQUIRE(scene.decide(id).has_value());
    scene.run(scene.desk->end_void("run1", "PATH changed"));
    const auto shown = scene.desk->show(Scene::person("root"), id);
    CHECK_EQ(shown->state, "void");
    CHECK_EQ(shown->ended_because, "PATH changed");
}

TEST_CASE("its requester takes it back, nobody else") {
    Scene scene;
    const auto id = scene.ask("run1");
    CHECK_EQ(scene.run(scene.desk->take_back(Scene::person("bob"), id, {})).error().code, Code::forbidden);
    identity::Principal who;
    who.kind = identity::Kind::unix_uid;
    who.name = "unix:1000";
    identity::grant(who, identity::kAgent);
    CHECK_EQ(scene.run(scene.desk->take_back(who, id, {}))->state, "cancelled");
    CHECK(scene.answers["run1"].at(0).word == Answer::Word::cancelled);
    CHECK_EQ(scene.code(scene.decide(id)), Code::approval_ended);
}

TEST_CASE("beyond the burst it waits without being shown, until there is room") {
    Scene scene;
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) {
        freeze_wall_clock(kNow + i * 1000); // ids of one millisecond have no order
        ids.push_back(scene.ask("run" + std::to_string(i), std::string(63, '0') + char('a' + i)));
    }
    const auto root = Scene::person("root");
    CHECK_EQ(scene.desk->list(root, {"pending", "", false, 50})->approvals.size(), 3);
    CHECK_EQ(scene.desk->list(root, {"", "", true, 50})->approvals.size(), 5);
    CHECK(scene.desk->show(root, ids[4])->throttled);
    REQUIRE(scene.decide(ids[0], "bob", false, std::string(63, '0') + 'a').has_value());
    CHECK_FALSE(scene.desk->show(root, ids[3])->throttled);
    CHECK(scene.desk->show(root, ids[4])->throttled);
}

TEST_CASE("a thousand pending of one are enough; others are not held up") {
    Scene scene;
    for (int i = 0; i < 1000; ++i) {
        auto text = std::to_string(i);
        scene.ask("run" + text, std::string(64 - text.size(), '0') + text);
    }
    auto more = Scene::plea("more", std::string(64, 'f'));
    CHECK_EQ(scene.run(scene.desk->ask(std::move(more))).error().code, Code::busy);
    auto other = Scene::plea("other", std::string(64, 'f'));
    other.principal = other.payer = "unix:1001";
    CHECK(scene.run(scene.desk->ask(std::move(other))).has_value());
}

TEST_CASE("a restart keeps what waits; waited ones go, approved ones have to be claimed") {
    Scene scene;
    const auto waits = scene.ask("run1", kDigest, true), pending = scene.ask("run2", std::string(64, 'b')),
               approved = scene.ask("run3", std::string(64, 'c'));
    REQUIRE(scene.decide(approved, "bob", true, std::string(64, 'c')).has_value());
    scene.restart();
    scene.desk->start();
    scene.turn([&] { return !scene.answers["run1"].empty(); });
    scene.desk->stop();
    CHECK_EQ(scene.state(waits), "cancelled");
    CHECK_EQ(scene.state(pending), "pending");
    CHECK(scene.desk->show(Scene::person("root"), approved)->claimable);
    CHECK_EQ(scene.desk->all_waiting()->size(), 2);
    CHECK(scene.run(scene.desk->use("run3")).has_value());
    REQUIRE(scene.decide(pending, "bob", true, std::string(64, 'b')).has_value());
    CHECK_EQ(scene.answers["run2"].size(), 1);
}

TEST_CASE("what began before the power went does not begin again") {
    Scene scene;
    const auto id = scene.ask("run1");
    REQUIRE(scene.decide(id).has_value());
    audit::Event intent{"run.intent", "unix:1000", "runs.create", "pending", "run1", {}};
    REQUIRE(scene.run(scene.log->append(std::move(intent))).has_value());
    scene.restart();
    CHECK_EQ(scene.state(id), "used");
    CHECK_FALSE(scene.run(scene.desk->use("run1")).has_value());
}

TEST_CASE("what cannot be read cannot be agreed to") {
    Scene scene;
    auto plea = Scene::plea("run1");
    plea.frozen.files.push_back({"/home/u/x.sh", "", "script", false});
    const auto asked = scene.run(scene.desk->ask(std::move(plea)));
    REQUIRE_FALSE(asked.has_value());
    CHECK_EQ(asked.error().code, Code::approval_required);
    CHECK(asked.error().message.find("/home/u/x.sh") != std::string::npos);
}

TEST_CASE("many are decided together, each by itself") {
    Scene scene;
    const auto a = scene.ask("run1"), b = scene.ask("run2", std::string(64, 'b'));
    api::DecideRequest request{"approve", {{a, kDigest}, {b, std::string(64, 'c')}, {"nonsense", kDigest}}, {}};
    identity::Asker asker;
    asker.who = Scene::person("bob");
    const auto decided = scene.run(scene.desk->decide_all(asker, std::move(request), {}));
    REQUIRE(decided.has_value());
    CHECK_EQ(decided->decided[0].state, "approved");
    CHECK_EQ(decided->decided[1].code, "digest_mismatch");
    CHECK_EQ(decided->decided[1].state, "pending");
    CHECK_EQ(decided->decided[2].code, "not_found");
}
