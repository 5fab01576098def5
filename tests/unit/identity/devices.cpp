#include "identity/devices.hpp"

#include <cerrno>
#include <map>
#include <vector>

#include "audit/disk.hpp"
#include "base/clock.hpp"
#include "checks.hpp"
#include "identity/nonces.hpp"
#include "identity/powers.hpp"
#include "shared/openapi_facts.hpp"
#include "stage.hpp"

using namespace owhale;
using namespace owhale::identity;
using Answer = Nonces::Answer;

namespace {
constexpr std::int64_t kStart = 1'800'000'000;
constexpr auto kBefore = Nonces::Known::before;

// A paired device of who asks, with the powers to audit and to approve, for an hour.
Device paired(identity::test::Stage& stage, const Principal& who, const std::string& id = "phone") {
    Device device;
    device.id = device.name = id;
    device.key.fill(static_cast<std::uint8_t>(id.size()));
    device.powers = kMayAudit | kMayApprove;
    device.created = wall_clock_us();
    device.expires = device.created + 3'600'000'000;
    auto copy = device;
    auto asker = stage.asker(who, "pair.confirm");
    REQUIRE(stage.run(stage.service->devices.add(std::move(asker), std::move(copy), "a pairing")));
    return device;
}

Status removed(identity::test::Stage& stage, const Principal& who, std::string id) {
    auto asker = stage.asker(who, "devices.remove");
    return stage.run(stage.service->devices.remove(std::move(asker), std::move(id)));
}

Result<api::Device> changed(identity::test::Stage& stage, const Principal& who, std::string id,
                            api::DeviceChange change) {
    auto asker = stage.asker(who, "devices.change");
    return stage.run(stage.service->devices.change(std::move(asker), std::move(id), std::move(change)));
}
} // namespace

TEST_CASE("a nonce counts once, from a minute ago to a few seconds ahead") {
    Nonces nonces(kStart);
    const auto now = kStart + 1000;
    CHECK(nonces.take("a", "n", now, now, kBefore) == Answer::fresh);
    CHECK(nonces.take("a", "n", now, now, kBefore) == Answer::seen);
    CHECK(nonces.take("a", "n", now + 1, now, kBefore) == Answer::seen); // whatever time it claims the second time
    CHECK(nonces.take("b", "n", now, now, kBefore) == Answer::fresh);
    CHECK(nonces.take("a", "m", now - 60, now, kBefore) == Answer::fresh);
    CHECK(nonces.take("a", "o", now - 61, now, kBefore) == Answer::too_old);
    CHECK(nonces.take("a", "o", now + 5, now, kBefore) == Answer::fresh);
    CHECK(nonces.take("a", "p", now + 6, now, kBefore) == Answer::too_new);
}

TEST_CASE("nothing that the last life may have taken is taken again, though its client's clock runs ahead") {
    for (const std::int64_t ahead : {-60, -1, 0, 1, 5}) {
        CAPTURE(ahead);
        const auto created = kStart + ahead;
        REQUIRE(Nonces(kStart - 1000).take("a", "n", created, kStart, kBefore) == Answer::fresh);
        for (const std::int64_t later : {0, 1, 5}) { // restarted so many seconds afterwards
            Nonces next(kStart + later);
            for (std::int64_t now = kStart + later; now < kStart + 200; ++now)
                REQUIRE(next.take("a", "n", created, now, kBefore) != Answer::fresh);
        }
    }
}

TEST_CASE("after a start who was known before waits a few seconds, and is told how many; who is new does not") {
    Nonces nonces(kStart);
    CHECK(nonces.take("a", "n", kStart, kStart, kBefore) == Answer::starting);
    CHECK_EQ(nonces.wait(kStart), 6);
    CHECK(nonces.take("a", "n", kStart + 5, kStart + 5, kBefore) == Answer::starting);
    CHECK_EQ(nonces.wait(kStart + 5), 1);
    CHECK(nonces.take("a", "n", kStart + 5, kStart + 6, kBefore) == Answer::too_old); // signed anew it is good
    CHECK(nonces.take("a", "n", kStart + 6, kStart + 6, kBefore) == Answer::fresh);
    CHECK(nonces.take("new", "n", kStart, kStart, Nonces::Known::since) == Answer::fresh);
    CHECK(nonces.take("new", "n", kStart, kStart, Nonces::Known::since) == Answer::seen);
    // The clock went back by an hour since: nobody can say when it will be good.
    CHECK(Nonces(kStart).take("a", "n", kStart - 3600, kStart - 3600, kBefore) == Answer::too_old);
}

TEST_CASE("a wall clock that goes back revives nothing that was forgotten") {
    Nonces nonces(kStart);
    std::vector<std::string> names;
    for (int i = 0; i < 400'000; ++i) names.push_back("nonce " + std::to_string(i));
    const auto first = kStart + 100, later = first + 1000;
    std::size_t taken = 0;
    for (int i = 0; i < 100'000; ++i)
        taken += nonces.take("a", names[i], first, first, kBefore) == Answer::fresh ? 1 : 0;
    // Ten minutes on, others take the places of the first ones.
    for (int i = 100'000; i < 400'000; ++i) nonces.take("a", names[i], later, later, kBefore);
    std::size_t again = 0;
    for (int i = 0; i < 100'000; ++i)
        again += nonces.take("a", names[i], first, first, kBefore) == Answer::fresh ? 1 : 0;
    CHECK(taken > 90'000);
    CHECK_EQ(again, 0);
}

TEST_CASE("what cannot be remembered is refused, and room comes back with time") {
    Nonces nonces(kStart);
    const auto now = kStart + 100;
    std::map<Answer, int> answers;
    for (int i = 0; i < 200'000; ++i) ++answers[nonces.take("a", "nonce " + std::to_string(i), now, now, kBefore)];
    CHECK(answers[Answer::fresh] <= 1 << 17);
    CHECK(answers[Answer::full] > 0);
    CHECK_EQ(answers[Answer::fresh] + answers[Answer::full], 200'000);
    CHECK(nonces.take("a", "afterwards", now + 61, now + 61, kBefore) == Answer::fresh);
}

TEST_CASE("powers: their names are the API's, and each is within what its giver has") {
    const auto words = openapi_facts::words("power");
    REQUIRE_EQ(words.size(), powers().size());
    for (std::size_t i = 0; i < words.size(); ++i) CHECK_EQ(std::string(words[i].as_string()), powers()[i].name);
    Principal auditor, admin, device;
    grant(auditor, kAuditor);
    grant(admin, kAdmin);
    CHECK(check_gives(auditor, kMayAudit));
    CHECK_FALSE(check_gives(auditor, kMayAudit | kMayApprove));
    CHECK(check_gives(admin, kMayApprove | kMayAudit | kMayRuns | kMayFreeze));
    CHECK_EQ(within(auditor, kMayApprove | kMayAudit), kMayAudit);
    CHECK_FALSE(powers_of({}));
    CHECK_FALSE(powers_of({"audit", "audit"}));
    CHECK_FALSE(powers_of({"admin"}));
}

TEST_CASE("no power lets a device manage accounts, devices, secrets or start anything") {
    using enum Permission;
    Principal device;
    grant(device, kAdmin | kApprover | kAgent | kAuditor);
    confine(device, ~0u);
    for (const auto permission :
         {runs_create, account, sessions, tokens, users, secrets, hosts, devices, boxes, metrics})
        CHECK_FALSE(device.may(permission, true));
    for (const auto permission : {approvals_decide, audit_read, runs_read, freeze, system_read})
        CHECK(device.may(permission, true));
}

TEST_CASE("a device goes, and loses powers, though the log cannot be written; what only renames it waits for the log") {
    owhale::test::Disk disk;
    disk.fail_only("audit");
    identity::test::Stage stage;
    const auto admin = stage.admin();
    const auto stolen = paired(stage, admin, "stolen"), other = paired(stage, admin, "other");
    disk.fail_writes(SQLITE_FULL, ENOSPC);
    const auto untold = removed(stage, admin, stolen.id);
    CHECK_EQ(untold.error().code, Code::audit_unavailable);
    CHECK(untold.error().message.starts_with("the device is removed; the log did not take it: "));
    CHECK_EQ(stage.severed, std::vector<std::string>{"device:" + stolen.id});
    CHECK_FALSE(stage.service->person("device:" + stolen.id).has_value());
    CHECK_EQ(removed(stage, admin, stolen.id).error().code, Code::not_found);
    api::DeviceChange change;
    change.name = "renamed";
    change.can = std::vector<std::string>{"audit"};
    CHECK_EQ(changed(stage, admin, other.id, change).error().code, Code::audit_unavailable);
    const auto left = stage.service->devices.show(admin, other.id);
    REQUIRE(left);
    CHECK_EQ(left->name, "other");
    CHECK_EQ(left->can, std::vector<std::string>{"audit"});
    disk.heal();
    stage.reopen();
    CHECK_FALSE(stage.service->person("device:" + stolen.id).has_value());
}

TEST_CASE("a device is refused, and loses powers, though nothing at all can be written; both can be done again") {
    owhale::test::Disk disk;
    identity::test::Stage stage;
    const auto admin = stage.admin();
    const auto stolen = paired(stage, admin, "stolen"), other = paired(stage, admin, "other");
    const auto lives = [&](const Device& device) { return stage.service->person("device:" + device.id).has_value(); };
    api::DeviceChange change;
    change.can = std::vector<std::string>{"audit"};
    disk.fail_writes(SQLITE_FULL, ENOSPC);
    for (int i = 0; i < 2; ++i) {
        const auto refused = removed(stage, admin, stolen.id);
        CHECK_EQ(refused.error().code, Code::state_unavailable);
        CHECK(refused.error().message.starts_with("the device stolen is refused until owhaled restarts"));
        CHECK_FALSE(lives(stolen));
        CHECK_EQ(changed(stage, admin, other.id, change).error().code, Code::state_unavailable);
        CHECK_EQ(stage.service->devices.show(admin, other.id)->can, std::vector<std::string>{"audit"});
    }
    CHECK_EQ(stage.severed.front(), "device:" + stolen.id);
    const auto listed = stage.service->devices.show(admin, stolen.id);
    REQUIRE(listed);
    CHECK(listed->now.empty());
    CHECK(listed->expires <= rfc3339(wall_clock_us()));
    disk.heal();
    CHECK(removed(stage, admin, stolen.id));
    CHECK(changed(stage, admin, other.id, change));
    CHECK_EQ(stage.events("device.remove").size(), 1);
    stage.reopen();
    CHECK_EQ(stage.service->devices.show(admin, stolen.id).error().code, Code::not_found);
    CHECK_EQ(stage.service->devices.show(admin, other.id)->can, std::vector<std::string>{"audit"});
}

TEST_CASE("the devices of an account that goes are refused though the database is full, and go when it is not") {
    owhale::test::Disk disk;
    disk.fail_only("state");
    identity::test::Stage stage;
    const auto admin = stage.admin(), alice = stage.account("alice", {"auditor"});
    Device device;
    device.id = device.name = "phone";
    device.powers = kMayAudit;
    device.created = wall_clock_us();
    device.expires = device.created + 3'600'000'000;
    auto asker = stage.asker(alice, "pair.confirm");
    REQUIRE(stage.run(stage.service->devices.add(std::move(asker), std::move(device), "a pairing")));
    const auto remove = [&] {
        auto root = stage.asker(admin, "users.remove");
        return stage.run(stage.service->accounts.remove(std::move(root), "alice"));
    };
    disk.fail_writes(SQLITE_FULL, ENOSPC);
    CHECK_EQ(remove().error().code, Code::state_unavailable);
    CHECK_EQ(stage.severed, std::vector<std::string>{"device:phone"});
    CHECK_FALSE(stage.service->person("device:phone").has_value());
    disk.heal();
    CHECK(remove());
    CHECK_EQ(stage.service->devices.show(admin, "phone").error().code, Code::not_found);
}

TEST_CASE("a device that was seen expired stays so, should the clock go back") {
    identity::test::Stage stage;
    const auto admin = stage.admin();
    const auto seen = paired(stage, admin, "seen"), unseen = paired(stage, admin, "not seen");
    const auto lives = [&](const Device& device) { return stage.service->person("device:" + device.id).has_value(); };
    CHECK(lives(seen));
    freeze_wall_clock(seen.expires);
    CHECK_FALSE(lives(seen));
    CHECK_FALSE(lives(seen));
    freeze_wall_clock(seen.created);
    CHECK_FALSE(lives(seen));
    CHECK(lives(unseen)); // nobody looked
    stage.reopen();
    CHECK_FALSE(lives(seen));
    CHECK(lives(unseen));
    CHECK_EQ(stage.service->devices.show(admin, seen.id)->expires, rfc3339(seen.expires));
}
