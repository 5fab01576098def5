// Pairing over time, with clocks of the test's own: what tests/api/test_pairing.py cannot wait for.
#include "pairing/pairing.hpp"

#include "audit/disk.hpp"
#include "checks.hpp"
#include "identity/base64url.hpp"
#include "identity/stage.hpp"
#include "shared/pairing/bound.hpp"
#include "shared/pairing/code.hpp"

#include <list>
#include <optional>
#include <sodium.h>

using namespace owhale;
using namespace owhale::pairing;

namespace {

const std::string kPrint = "SHA256:" + std::string(64, 'a');
constexpr std::int64_t kSecond = 1'000'000'000;

struct Scene {
    identity::test::Stage stage{"local"};
    identity::Principal admin = stage.admin();
    std::int64_t now = kSecond;
    Pairing pairing{{stage.io.get_executor(), *stage.service, *stage.log, [this] { return now; }}};

    Result<api::PairMade> create(const std::string& name = "phone") {
        auto asker = stage.asker(admin, "pair.create");
        return stage.run(pairing.create(std::move(asker), api::PairRequest{name, {"audit"}, {}}));
    }
    api::Pairing newest() { return pairing.list(admin, false).pairings.front(); }
    // The log's rows of an event, oldest first, once there are so many.
    std::vector<std::string> told(const std::string& event, std::size_t count) {
        std::vector<std::string> out;
        stage.turn([&] { return stage.events(event).size() >= count; });
        for (const auto& row : stage.events(event)) out.insert(out.begin(), row.json);
        return out;
    }
    Status cancel(std::string id) {
        auto asker = stage.asker(admin, "pair.cancel");
        return stage.run(pairing.cancel(std::move(asker), std::move(id)));
    }
    Result<api::Device> confirm(const api::Pairing& one) {
        auto asker = stage.asker(admin, "pair.confirm");
        return stage.run(pairing.confirm(std::move(asker), one.id, {one.words.value_or(""), {}}));
    }
};

// A device that has got an answer, and can prove itself.
struct Joining {
    identity::DeviceKey key{};
    std::optional<CPace> cpace;
    api::JoinAnswer answer;
    bool knows = false, gone = false;

    Joining(Scene& scene, const std::string& typed, const identity::Peer& from = identity::test::Stage::root(),
            std::optional<identity::DeviceKey> own = std::nullopt) {
        std::array<std::uint8_t, 64> secret{};
        ::crypto_sign_keypair(key.data(), secret.data());
        if (own) key = *own;
        const auto code = *read_code(typed);
        std::string sid(CPace::kSidSize, '\0');
        ::randombytes_buf(sid.data(), sid.size());
        cpace.emplace(CPace::Side::initiator, code, kChannel, sid, joiner_ad(key, "Fairphone", kVia[0], kPrint));
        answer = *scene.pairing.join(from, kPrint,
                                     {std::string(hint_of(code)), identity::to_base64url(sid),
                                      identity::to_base64url(cpace->own().y), identity::to_base64url(key), "Fairphone",
                                      std::string(kVia[0])});
        Share theirs;
        std::ranges::copy(*identity::from_base64url(answer.share), reinterpret_cast<char*>(theirs.y.data()));
        theirs.ad = maker_ad(kPrint);
        REQUIRE(cpace->meet(std::move(theirs)));
        Tag tag{};
        std::ranges::copy(*identity::from_base64url(answer.tag), reinterpret_cast<char*>(tag.data()));
        knows = cpace->is_their_tag(tag);
    }
    Result<api::JoinState> prove(Scene& scene) {
        Pairing::Prover prover{identity::test::Stage::root(), {}, [this] { return gone; }};
        auto join = answer.join;
        return scene.stage.run(
            scene.pairing.prove(std::move(prover), std::move(join), {identity::to_base64url(cpace->own_tag()), {}}));
    }
};

// Another code that the same two characters begin.
std::string other(std::string code) {
    code.back() = code.back() == '0' ? '1' : '0';
    return code;
}

// Rows of wrong tries that a code is charged with: the first `count` are there, each with its number.
void check_told(const std::vector<std::string>& rows, const std::string& id, std::size_t count) {
    REQUIRE(rows.size() >= count);
    for (std::size_t i = 0; i < count; ++i) {
        CAPTURE(rows[i]);
        CHECK(rows[i].find('"' + id + '"') != std::string::npos);
        CHECK(rows[i].find("not proved before the code was used or ended") != std::string::npos);
        CHECK(rows[i].find("\"try " + std::to_string(i + 1) + " of 5: ") != std::string::npos);
    }
}

boost::asio::awaitable<bool> flushed(Pairing& pairing) {
    co_await pairing.flush();
    co_return true;
}

} // namespace

TEST_CASE("a code is good for ten minutes, and its maker has another one then") {
    Scene scene;
    const auto made = scene.create();
    REQUIRE(made);
    CHECK(scene.create().error().code == Code::conflict);
    scene.now += 599 * kSecond;
    CHECK(Joining(scene, made->code).knows);
    scene.now += kSecond;
    CHECK_EQ(scene.newest().state, "expired");
    CHECK_FALSE(Joining(scene, made->code).knows);
    CHECK(scene.create());
}

TEST_CASE("a code that is cancelled while the log is written is never shown") {
    owhale::test::Disk disk;
    disk.remember_only("audit");
    Scene scene;
    disk.hold();
    auto maker = scene.stage.asker(scene.admin, "pair.create"), ender = scene.stage.asker(scene.admin, "pair.cancel");
    const auto made =
        scene.stage.begin(scene.pairing.create(std::move(maker), api::PairRequest{"phone", {"audit"}, {}}));
    scene.stage.turn([&] { return !scene.pairing.list(scene.admin, false).pairings.empty(); });
    disk.wait_until_held();
    auto id = scene.newest().id;
    const auto ended = scene.stage.begin(scene.pairing.cancel(std::move(ender), std::move(id)));
    scene.stage.turn([&] { return scene.newest().state == "cancelled"; });
    disk.let_go();
    scene.stage.turn([&] { return made->has_value() && ended->has_value(); });
    REQUIRE_FALSE(**made);
    CHECK((*made)->error().code == Code::conflict);
    CHECK(**ended);
    CHECK(scene.create());
}

TEST_CASE("one try too many ends no code while the right device may still prove itself") {
    Scene scene;
    const auto made = scene.create();
    auto wrong = made->code;
    wrong.back() = wrong.back() == '0' ? '1' : '0';
    for (int i = 0; i < 4; ++i) CHECK_FALSE(Joining(scene, wrong).knows);
    Joining right(scene, made->code);
    REQUIRE(right.knows);
    CHECK_FALSE(Joining(scene, made->code).knows); // the sixth gets nothing
    CHECK_EQ(scene.newest().state, "open");
    CHECK(right.prove(scene));
    CHECK_EQ(scene.newest().state, "joined");
}

TEST_CASE("a code whose five tries prove nothing takes no sixth, and is dead once the last had its minute") {
    Scene scene;
    const auto made = scene.create();
    auto wrong = made->code;
    wrong.back() = wrong.back() == '0' ? '1' : '0';
    for (int i = 0; i < 5; ++i) CHECK_FALSE(Joining(scene, wrong).knows);
    for (int i = 0; i < 5; ++i) CHECK_FALSE(Joining(scene, made->code).knows);
    CHECK_EQ(scene.newest().tries, 5);
    scene.now += 59 * kSecond;
    CHECK_EQ(scene.newest().state, "open");
    CHECK(scene.create().error().code == Code::conflict);
    scene.now += kSecond;
    CHECK_EQ(scene.newest().state, "dead");
    CHECK(scene.create());
}

TEST_CASE("the right device has a minute to prove itself, though all other tries are over") {
    Scene scene;
    const auto made = scene.create();
    auto wrong = made->code;
    wrong.back() = wrong.back() == '0' ? '1' : '0';
    for (int i = 0; i < 4; ++i) CHECK_FALSE(Joining(scene, wrong).knows);
    scene.now += 30 * kSecond;
    Joining right(scene, made->code);
    scene.now += 59 * kSecond;
    CHECK_EQ(scene.newest().state, "open");
    CHECK(right.prove(scene));
}

TEST_CASE("a try that is proved after its minute is too late, and the code takes the tries that are left") {
    Scene scene;
    const auto made = scene.create();
    Joining late(scene, made->code);
    REQUIRE(late.knows);
    scene.now += 60 * kSecond;
    CHECK(late.prove(scene).error().code == Code::pairing_failed);
    CHECK_EQ(scene.newest().state, "open");
    Joining right(scene, made->code);
    CHECK(right.prove(scene));
}

TEST_CASE("an attempt that is under way ends with its code") {
    Scene scene;
    const auto made = scene.create();
    Joining joining(scene, made->code);
    REQUIRE(joining.knows);
    scene.now += 600 * kSecond;
    CHECK(joining.prove(scene).error().code == Code::pairing_failed);
}

TEST_CASE("a device that joined waits ten minutes for its maker, and no longer") {
    Scene scene;
    const auto made = scene.create();
    scene.now += 500 * kSecond;
    Joining joining(scene, made->code);
    REQUIRE(joining.prove(scene));
    scene.now += 599 * kSecond;
    CHECK_EQ(scene.newest().state, "joined");
    scene.now += kSecond;
    const auto late = scene.newest();
    CHECK_EQ(late.state, "expired");
    CHECK(scene.confirm(late).error().code == Code::conflict);
    CHECK_EQ(scene.pairing.state(joining.answer.join, {})->state, "expired");
    CHECK(scene.stage.service->devices.list(scene.admin, "", false)->devices.empty());
}

TEST_CASE("what has ended is forgotten after a while, and a device that is paired is not") {
    Scene scene;
    const auto made = scene.create();
    Joining joining(scene, made->code);
    REQUIRE(joining.prove(scene));
    const auto device = scene.confirm(scene.newest());
    REQUIRE(device);
    CHECK_EQ(scene.pairing.state(joining.answer.join, {})->state, "paired");
    scene.now += 1300 * kSecond;
    CHECK(scene.pairing.list(scene.admin, false).pairings.empty());
    CHECK(scene.pairing.state(joining.answer.join, {}).error().code == Code::pairing_failed);
    CHECK(scene.stage.service->devices.show(scene.admin, device->id));
}

TEST_CASE("a device that has gone is not confirmed, and one that asks again is back") {
    Scene scene;
    const auto made = scene.create();
    Joining joining(scene, made->code);
    REQUIRE(joining.prove(scene));
    CHECK_EQ(scene.newest().gone, false);
    joining.gone = true;
    CHECK_EQ(scene.newest().gone, true);
    CHECK(scene.confirm(scene.newest()).error().code == Code::conflict);
    CHECK(scene.stage.service->devices.list(scene.admin, "", false)->devices.empty());
    CHECK(scene.pairing.state(joining.answer.join, [] { return false; }));
    CHECK(scene.pairing.state(joining.answer.join, {})); // the end of an older question
    CHECK_EQ(scene.newest().gone, false);
    CHECK(scene.confirm(scene.newest()));
    CHECK_FALSE(scene.newest().gone);
}

TEST_CASE("each wrong try is a row with its pairing, and so is the end that five of them make") {
    Scene scene;
    const auto made = scene.create();
    auto wrong = made->code;
    wrong.back() = wrong.back() == '0' ? '1' : '0';
    for (std::uint64_t i = 1; i <= 3; ++i) {
        CHECK(Joining(scene, wrong).prove(scene).error().code == Code::pairing_failed);
        CHECK_EQ(scene.newest().wrong, i);
    }
    for (int i = 0; i < 2; ++i) CHECK_FALSE(Joining(scene, wrong).knows); // and go away
    CHECK_EQ(scene.newest().wrong, 3);
    scene.now += 60 * kSecond;
    CHECK_EQ(scene.newest().wrong, 5);
    CHECK_EQ(scene.newest().state, "dead");
    const auto rows = scene.told("pair.join", 5);
    REQUIRE(rows.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) {
        CAPTURE(rows[i]);
        CHECK(rows[i].find('"' + made->id + '"') != std::string::npos);
        CHECK(rows[i].find("\"try " + std::to_string(i + 1) + " of 5: ") != std::string::npos);
        CHECK(rows[i].find("\"count\"") == std::string::npos);
        CHECK((rows[i].find("not proved in its minute") != std::string::npos) == (i >= 3));
    }
    const auto ends = scene.told("pair.end", 1);
    REQUIRE(ends.size() == 1);
    CHECK_MESSAGE(ends[0].find("five tries of the code were wrong") != std::string::npos, ends[0]);
    CHECK(ends[0].find('"' + made->id + '"') != std::string::npos);
    CHECK(ends[0].find(R"("outcome":"failed")") != std::string::npos);
}

TEST_CASE("who tries what no open code begins with is one row, though a proof follows") {
    Scene scene;
    const auto made = scene.create();
    auto other = made->code;
    other[0] = other[0] == '0' ? '1' : '0';
    CHECK(Joining(scene, other).prove(scene).error().code == Code::pairing_failed);
    CHECK_EQ(scene.newest().tries, 0);
    Joining right(scene, made->code);
    CHECK(right.prove(scene));
    scene.told("pair.join", 2);
    CHECK(scene.stage.run(flushed(scene.pairing)));
    const auto rows = scene.told("pair.join", 2);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].find("no code that is open begins so") != std::string::npos);
    CHECK(rows[1].find(R"("outcome":"ok")") != std::string::npos);
}

TEST_CASE("a flood of guesses at what is not there hides no try that a code is charged with") {
    Scene scene;
    const auto made = scene.create();
    auto other = made->code, wrong = made->code;
    other[0] = other[0] == '0' ? '1' : '0';
    wrong.back() = wrong.back() == '0' ? '1' : '0';
    for (int i = 0; i < 200; ++i) CHECK_FALSE(Joining(scene, other).knows);
    CHECK_FALSE(Joining(scene, wrong).prove(scene));
    for (int i = 0; i < 200; ++i) CHECK_FALSE(Joining(scene, other).knows);
    scene.told("pair.join", 2);
    CHECK(scene.stage.run(flushed(scene.pairing)));
    std::size_t charged = 0;
    const auto rows = scene.told("pair.join", 3);
    for (const auto& row : rows) charged += row.find("\"try 1 of 5: ") != std::string::npos;
    CHECK(charged == 1);
    CHECK(rows.size() <= 4);
}

TEST_CASE("guesses under way when the right device joins are told before its maker is asked") {
    Scene scene;
    const auto made = scene.create();
    std::list<Joining> guesses;
    for (int i = 0; i < 4; ++i) CHECK_FALSE(guesses.emplace_back(scene, other(made->code)).knows);
    Joining right(scene, made->code);
    CHECK(right.prove(scene));
    CHECK_EQ(scene.newest().state, "joined");
    CHECK_EQ(scene.newest().wrong, 4);
    const auto rows = scene.told("pair.join", 5);
    REQUIRE(rows.size() == 5);
    check_told(rows, made->id, 4);
    CHECK(rows[4].find(R"("outcome":"ok")") != std::string::npos);
    for (auto& guess : guesses) CHECK(guess.prove(scene).error().code == Code::pairing_failed);
    scene.now += 120 * kSecond;
    CHECK_EQ(scene.newest().wrong, 4);
    CHECK(scene.stage.run(flushed(scene.pairing)));
    CHECK_EQ(scene.stage.events("pair.join").size(), 5); // and none is told twice
}

TEST_CASE("guesses under way when the code is taken back are told before its end") {
    Scene scene;
    const auto made = scene.create();
    for (int i = 0; i < 5; ++i) CHECK_FALSE(Joining(scene, other(made->code)).knows);
    CHECK(scene.cancel(made->id));
    CHECK_EQ(scene.newest().state, "cancelled");
    CHECK_EQ(scene.newest().wrong, 5);
    const auto rows = scene.told("pair.join", 5);
    REQUIRE(rows.size() == 5);
    check_told(rows, made->id, 5);
    const auto ends = scene.stage.events("pair.end");
    REQUIRE(ends.size() == 1);
    for (const auto& row : scene.stage.events("pair.join")) CHECK(row.seq < ends[0].seq);
}

TEST_CASE("guesses under way when a device that is paired already ends the code are told") {
    Scene scene;
    const auto first = scene.create();
    Joining device(scene, first->code);
    CHECK(device.prove(scene));
    CHECK(scene.confirm(scene.newest()));
    const auto second = scene.create();
    CHECK_FALSE(Joining(scene, other(second->code)).knows);
    Joining again(scene, second->code, identity::test::Stage::root(), device.key);
    CHECK(again.prove(scene).error().code == Code::conflict);
    const auto rows = scene.told("pair.join", 3);
    REQUIRE(rows.size() == 3);
    CHECK(rows[1].find("try 1 of 5: the key is another device's") != std::string::npos);
    CHECK(rows[2].find("try 2 of 5: it was begun, and not proved before the code was used or ended") !=
          std::string::npos);
    CHECK_EQ(scene.newest().wrong, 2);
}

TEST_CASE("guesses under way when the code's time is over are told") {
    Scene scene;
    const auto made = scene.create();
    scene.now += 590 * kSecond;
    CHECK_FALSE(Joining(scene, other(made->code)).knows);
    scene.now += 10 * kSecond;
    CHECK_EQ(scene.newest().state, "expired");
    CHECK_EQ(scene.newest().wrong, 1);
    check_told(scene.told("pair.join", 1), made->id, 1);
}

TEST_CASE("who makes codes and spends them himself drowns no stranger's rows") {
    Scene scene;
    const auto own = identity::test::Stage::tcp(7), strangers = identity::test::Stage::tcp(8);
    std::string nobodys;
    for (int i = 0; i < 70; ++i) {
        const auto made = scene.create();
        REQUIRE(made);
        for (int n = 0; n < 6; ++n) CHECK_FALSE(Joining(scene, other(made->code), own).knows); // the sixth is summed
        CHECK(scene.cancel(made->id));
        nobodys = made->code;
    }
    CHECK_FALSE(Joining(scene, nobodys, strangers).knows);
    CHECK(scene.stage.run(flushed(scene.pairing)));
    std::size_t of_stranger = 0;
    for (const auto& row : scene.stage.events("pair.join")) {
        CHECK_MESSAGE(row.json.find("(many)") == std::string::npos, row.json);
        of_stranger += row.json.find('"' + strangers.principal() + '"') != std::string::npos;
    }
    CHECK(of_stranger == 1);
}
