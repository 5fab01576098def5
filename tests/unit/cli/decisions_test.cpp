// What owhalectl audit verify says of answers that devices signed, and that somebody has changed.

#include <boost/json/serialize.hpp>
#include <sodium.h>

#include "cli/verify/decisions.hpp"
#include "shared/pairing/http_signature.hpp"

#include "checks.hpp"

using namespace owhale;
using cli::verify::Body;
using cli::verify::Decisions;
namespace json = boost::json;

namespace {

const std::string kDevice = "01a21c2e-1112-7341-9ff7-3a6bd7a210d2", kRequest = "01a21c2e-2222-7341-9ff7-3a6bd7a210d2";
const std::string kPlan(64, 'a');

struct Key {
    std::array<std::uint8_t, 32> open{};
    std::array<std::uint8_t, 64> secret{};
    Key() { ::crypto_sign_keypair(open.data(), secret.data()); }
};

std::string to_text(std::span<const std::uint8_t> bytes) {
    constexpr auto kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::string text(sodium_base64_ENCODED_LEN(bytes.size(), kVariant), '\0');
    ::sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
    text.pop_back();
    return text;
}

// The data of approval.decided, as owhaled writes it of this request.
json::object decided(const Key& key, const std::string& target, const std::string& body,
                     const std::string& id = kDevice) {
    const auto fields =
        pairing::sign_request(key.secret, {id, "nonce-of-16-chars", 1'800'000'000}, "POST", target, body);
    const auto signature = *pairing::read_signature(fields.signature_input, fields.signature);
    return {{"approval", kRequest},
            {"decision", target.ends_with("deny") ? "deny" : "approve"},
            {"digest", kPlan},
            {"key", to_text(key.open)},
            {"signed", pairing::request_base("POST", target, fields.content_digest, signature.params)},
            {"signature", to_text(signature.bytes)},
            {"body", body}};
}

std::optional<std::string> take(Decisions& decisions, const std::string& event, const json::object& data,
                                const std::string& principal = "device:" + kDevice,
                                const std::string& time = "2027-01-15T08:00:00.000000Z", bool whole = true) {
    const auto text = json::serialize(data);
    Body body;
    body.event = event;
    body.principal = principal;
    body.data = text;
    body.time = time;
    return decisions.take(body, whole);
}

const std::string kWay = "/v1/approvals/" + kRequest + "/approve", kBody = R"({"digest":")" + kPlan + R"("})";

} // namespace

TEST_CASE("an answer that its device signed holds") {
    const Key key;
    Decisions decisions;
    CHECK_FALSE(take(decisions, "device.add", {{"device", kDevice}, {"key", to_text(key.open)}}, "user:admin"));
    CHECK_FALSE(take(decisions, "approval.decided", decided(key, kWay, kBody)));
    CHECK_FALSE(
        take(decisions, "approval.decided", decided(key, "/v1/approvals/" + kRequest + "/deny", R"({"reason":"no"})")));
    auto bare = decided(key, "/v1/approvals/" + kRequest + "/deny", "");
    bare.erase("body");
    CHECK_FALSE(take(decisions, "approval.decided", bare));
    const auto many = R"({"decision":"approve","items":[{"id":")" + kRequest + R"(","digest":")" + kPlan + R"("}]})";
    CHECK_FALSE(take(decisions, "approval.decided", decided(key, "/v1/approvals/decide", many)));
    CHECK_EQ(decisions.good(), 4);
    CHECK_EQ(decisions.strangers(), 0);
    CHECK_FALSE(
        take(decisions, "approval.decided", {{"decision", "approve"}}, "user:admin")); // who logs in signs nothing
    CHECK_EQ(decisions.good(), 4);
}

TEST_CASE("whatever is changed of it is found") {
    const Key key, other;
    const auto good = decided(key, kWay, kBody);
    const auto wrong = [&](const json::object& data, const std::string& principal = "device:" + kDevice) {
        Decisions decisions;
        take(decisions, "device.add", {{"device", kDevice}, {"key", to_text(key.open)}}, "user:admin");
        return take(decisions, "approval.decided", data, principal).has_value();
    };
    CHECK_FALSE(wrong(good));
    const auto with = [&](const char* name, const std::string& value) {
        auto changed = good;
        changed[name] = value;
        return changed;
    };
    CHECK(wrong(with("decision", "deny")));
    CHECK(wrong(with("approval", kDevice)));
    CHECK(wrong(with("digest", std::string(64, 'b'))));
    CHECK(wrong(with("body", R"({"digest":")" + std::string(64, 'b') + R"("})")));
    CHECK(wrong(with("key", to_text(other.open))));
    CHECK(wrong(with("signature", std::string(good.at("signature").as_string().subview(1)))));
    CHECK(wrong(with("signed", std::string(good.at("signed").as_string()) + " ")));
    for (const auto* name : {"signature", "key", "signed", "body"}) {
        auto less = good;
        less.erase(name);
        CHECK_MESSAGE(wrong(less), name);
    }
    CHECK(wrong(decided(other, kWay, kBody))); // a signature that holds, by a key that was never paired
    CHECK(wrong(good, "device:" + kRequest));
    CHECK(wrong(decided(key, kWay, kBody, kRequest)));
    CHECK(wrong(decided(key, "/v1/approvals/" + kDevice + "/approve", kBody))); // to another question
    CHECK(wrong(decided(key, "/v1/freeze", kBody)));
    const auto many = R"({"decision":"approve","items":[{"id":")" + kDevice + R"(","digest":")" + kPlan + R"("}]})";
    CHECK(wrong(decided(key, "/v1/approvals/decide", many)));
    const auto denies = R"({"decision":"deny","items":[{"id":")" + kRequest + R"(","digest":")" + kPlan + R"("}]})";
    auto turned = decided(key, "/v1/approvals/decide", denies); // a signed no, told as a yes
    turned["decision"] = "approve";
    CHECK(wrong(turned));
    turned.erase("body");
    CHECK(wrong(turned));
}

TEST_CASE("a key that was never paired is one where all events are there, and else told as such") {
    Decisions decisions;
    const auto stranger = [&](bool whole) {
        return take(decisions, "approval.decided", decided(Key(), kWay, kBody), "device:" + kDevice,
                    "2027-01-15T08:00:00.000000Z", whole);
    };
    CHECK(stranger(true));
    CHECK_FALSE(stranger(false));
    CHECK_EQ(decisions.strangers(), 1);
}

TEST_CASE("a device answers nothing after its time or its removal") {
    const Key key;
    const auto answers_at = [&](const char* time, bool removed) {
        Decisions decisions;
        const json::object paired{
            {"device", kDevice}, {"key", to_text(key.open)}, {"expires", "2027-01-15T09:00:00.000000Z"}};
        take(decisions, "device.add", paired, "user:admin");
        if (removed)
            take(decisions, "device.remove", {{"device", kDevice}}, "user:admin", "2027-01-15T08:30:00.000000Z");
        return !take(decisions, "approval.decided", decided(key, kWay, kBody), "device:" + kDevice, time);
    };
    CHECK(answers_at("2027-01-15T08:59:59.000000Z", false));
    CHECK_FALSE(answers_at("2027-01-15T09:00:10.000000Z", false));
    CHECK(answers_at("2027-01-15T08:30:01.000000Z", true)); // both were under way
    CHECK_FALSE(answers_at("2027-01-15T08:30:10.000000Z", true));
}

TEST_CASE("a device answers nothing after its account was removed, or its password reset") {
    const Key key;
    const auto answers_at = [&](const char* time, const char* event, const char* account) {
        Decisions decisions;
        const json::object paired{{"account", "alice"},
                                  {"device", kDevice},
                                  {"key", to_text(key.open)},
                                  {"expires", "2027-01-15T09:00:00.000000Z"}};
        take(decisions, "device.add", paired, "user:alice");
        take(decisions, event, {{"account", account}}, "user:admin", "2027-01-15T08:30:00.000000Z");
        return !take(decisions, "approval.decided", decided(key, kWay, kBody), "device:" + kDevice, time);
    };
    for (const auto* event : {"user.remove", "user.reset"}) {
        CAPTURE(event);
        CHECK(answers_at("2027-01-15T08:30:09.000000Z", event, "alice")); // the event comes first
        CHECK_FALSE(answers_at("2027-01-15T08:30:11.000000Z", event, "alice"));
        CHECK(answers_at("2027-01-15T08:30:11.000000Z", event, "bob"));
    }
    CHECK(answers_at("2027-01-15T08:30:11.000000Z", "user.disable", "alice")); // it may be enabled again
}

TEST_CASE("what is paired after an account's end is good, and an end that is told later gives no time back") {
    const Key key;
    Decisions decisions;
    const json::object paired{{"account", "alice"}, {"device", kDevice}, {"key", to_text(key.open)}};
    take(decisions, "user.remove", {{"account", "alice"}}, "user:admin", "2027-01-15T07:00:00.000000Z");
    take(decisions, "device.add", paired, "user:alice");
    CHECK_FALSE(take(decisions, "approval.decided", decided(key, kWay, kBody)));
    take(decisions, "user.reset", {{"account", "alice"}}, "user:admin", "2027-01-15T08:00:00.000000Z");
    take(decisions, "device.remove", {{"device", kDevice}}, "user:admin", "2027-01-15T09:00:00.000000Z");
    CHECK(take(decisions, "approval.decided", decided(key, kWay, kBody), "device:" + kDevice,
               "2027-01-15T08:30:00.000000Z"));
}
