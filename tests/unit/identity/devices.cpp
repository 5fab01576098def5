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

TEST_CASE("a nonce counts once, within a minute of now") {
    Nonces nonces(kStart);
    const auto now = kStart + 1000;
    CHECK(nonces.take("a", "n", now, now) == Answer::fresh);
    CHECK(nonces.take("a", "n", now, now) == Answer::seen);
    CHECK(nonces.take("a", "n", now + 1, now) == Answer::seen); // whatever time it claims the second time
    CHECK(nonces.take("b", "n", now, now) == Answer::fresh);
    CHECK(nonces.take("a", "m", now - 60, now) == Answer::fresh);
    CHECK(nonces.take("a", "o", now - 61, now) == Answer::too_old);
    CHECK(nonces.take("a", "o", now + 60, now) == Answer::fresh);
    CHECK(nonces.take("a", "p", now + 61, now) == Answer::too_new);
}

TEST_CASE("what was signed before the start is not taken: the last life may have seen it") {
    Nonces nonces(kStart);
    CHECK(nonces.take("a", "n", kStart - 1, kStart) == Answer::too_old);
    CHECK(nonces.take("a", "n", kStart, kStart) == Answer::too_old);
    CHECK(nonces.take("a", "n", kStart + 1, kStart) == Answer::fresh);
}

TEST_CASE("a wall clock that goes back revives nothing that was forgotten") {
    Nonces nonces(kStart);
    std::vector<std::string> names;
    for (int i = 0; i < 400'000; ++i) names.push_back("nonce " + std::to_string(i));
    const auto first = kStart + 100, later = first + 1000;
    std::size_t taken = 0;
    for (int i = 0; i < 100'000; ++i) taken += nonces.take("a", names[i], first, first) == Answer::fresh ? 1 : 0;
    // Ten minutes on, others take the places of the first ones.
    for (int i = 100'000; i < 400'000; ++i) nonces.take("a", names[i], later, later);
    std::size_t again = 0;
    for (int i = 0; i < 100'000; ++i) again += nonces.take("a", names[i], first, first) == Answer::fresh ? 1 : 0;
    CHECK(taken > 90'000);
    CHECK_EQ(again, 0);
}

TEST_CASE("what cannot be remembered is refused, and room comes back with time") {
    Nonces nonces(kStart);
    const auto now = kStart + 100;
    std::map<Answer, int> answers;
    for (int i = 0; i < 200'000; ++i) ++answers[nonces.take("a", "nonce " + std::to_string(i), now, now)];
    CHECK(answers[Answer::fresh] <= 1 << 17);
    CHECK(answers[Answer::full] > 0);
    CHECK_EQ(answers[Answer::fresh] + answers[Answer::full], 200'000);
    CHECK(nonces.take("a", "afterwards", now + 61, now + 61) == Answer::fresh);
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
    CHECK_EQ(removed(stage, admin, stolen.id).error().code, Code::audit_unavailable);
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
