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
                                const std::string& principal = "device:" + kDevice) {
    const auto text = json::serialize(data);
    Body body;
    body.event = event;
    body.principal = principal;
    body.data = text;
    return decisions.take(body);
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
    auto unkept = decided(key, kWay, kBody);
    unkept.erase("body"); // it held a secret, or was long
    CHECK_FALSE(take(decisions, "approval.decided", unkept));
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
    for (const auto* name : {"signature", "key", "signed"}) {
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
}

TEST_CASE("a key whose pairing was not read is told as such") {
    Decisions decisions;
    CHECK_FALSE(take(decisions, "approval.decided", decided(Key(), kWay, kBody)));
    CHECK_EQ(decisions.strangers(), 1);
}
