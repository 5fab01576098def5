// HTTP message signatures against RFC 9421's own example, and what is refused of them.
#include "shared/pairing/http_signature.hpp"

#include <sodium.h>
#include <vector>

#include "checks.hpp"

using namespace owhale;
using namespace owhale::pairing;

namespace {

constexpr const char* kGood = R"(a=("@method" "@path" "@query" "content-digest");created=1795772100;)"
                              R"(nonce="0123456789abcdef";keyid="0193a6a0-0000";alg="ed25519")";

std::string with_bytes(std::string_view label = "a") {
    return std::string(label) + "=:" + std::string(85, 'A') + "A==:";
}

std::string changed(std::string_view what, std::string_view into) {
    std::string text = kGood;
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), into);
}

struct Key {
    std::array<std::uint8_t, 32> open{};
    std::array<std::uint8_t, 64> secret{};
    Key() { ::crypto_sign_keypair(open.data(), secret.data()); }
};

bool good(const Key& key, const Fields& fields, std::string_view method, std::string_view target) {
    const auto read = read_signature(fields.signature_input, fields.signature);
    REQUIRE(read);
    return is_signed_by(key.open, request_base(method, target, fields.content_digest, read->params), *read);
}

} // namespace

TEST_CASE("RFC 9421 appendix B.2.6: base and signature of its example") {
    const std::vector<Component> components = {{"date", "Tue, 20 Apr 2021 02:07:55 GMT"},
                                               {"@method", "POST"},
                                               {"@path", "/foo"},
                                               {"@authority", "example.com"},
                                               {"content-type", "application/json"},
                                               {"content-length", "18"}};
    const auto base = signature_base(
        components,
        R"(("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519")");
    std::array<std::uint8_t, 32> key{};
    Signature signature;
    const auto decode = [](auto& into, std::string_view text, int variant) {
        return ::sodium_base642bin(into.data(), into.size(), text.data(), text.size(), nullptr, nullptr, nullptr,
                                   variant) == 0;
    };
    REQUIRE(decode(key, "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs", sodium_base64_VARIANT_URLSAFE_NO_PADDING));
    REQUIRE(decode(signature.bytes,
                   "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
                   sodium_base64_VARIANT_ORIGINAL));
    CHECK(is_signed_by(key, base, signature));
    CHECK_FALSE(is_signed_by(key, base + " ", signature));
}

TEST_CASE("the digest is RFC 9530's") {
    // Appendix B of RFC 9530: {"hello": "world"} and a line feed.
    CHECK(digest_field(digest_of("{\"hello\": \"world\"}\n")) ==
          "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
    CHECK(*read_digest(digest_field(digest_of("x"))) == digest_of("x"));
    for (const char* bad : {"", "sha-256", "sha-256=", "sha-256=::", "sha-512=:AAAA:",
                            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg:",
                            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:, sha-512=:AAAA:",
                            "SHA-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"})
        CHECK_FALSE(read_digest(bad));
}

TEST_CASE("what was signed is what counts: method, path, query, body and moment") {
    const Key key, other;
    const auto fields = sign_request(key.secret, {"ID", "0123456789abcdef", 1795772100}, "POST", "/v1/runs?x=1", "{}");
    CHECK(good(key, fields, "POST", "/v1/runs?x=1"));
    CHECK_FALSE(good(other, fields, "POST", "/v1/runs?x=1"));
    CHECK_FALSE(good(key, fields, "PUT", "/v1/runs?x=1"));
    CHECK_FALSE(good(key, fields, "POST", "/v1/run?x=1"));
    CHECK_FALSE(good(key, fields, "POST", "/v1/runs?x=2"));
    CHECK_FALSE(good(key, fields, "POST", "/v1/runs"));
    auto swapped = fields;
    swapped.content_digest = digest_field(digest_of("[]"));
    CHECK_FALSE(good(key, swapped, "POST", "/v1/runs?x=1"));
    auto later = fields;
    later.signature_input.replace(later.signature_input.find("1795772100"), 10, "1795772101");
    CHECK_FALSE(good(key, later, "POST", "/v1/runs?x=1"));
    CHECK(request_base("GET", "/", "d", "p") == "\"@method\": GET\n\"@path\": /\n\"@query\": ?\n\"content-digest\": d\n"
                                                "\"@signature-params\": p");
}

TEST_CASE("one form is read, and says what it holds") {
    const auto read = read_signature(kGood, with_bytes());
    REQUIRE(read);
    CHECK(read->created == 1795772100);
    CHECK(read->nonce == "0123456789abcdef");
    CHECK(read->keyid == "0193a6a0-0000");
    const auto other_order = R"(a=("@method" "@path" "@query" "content-digest");alg="ed25519";keyid="k";)"
                             R"(nonce="0123456789abcdef";created=5)";
    CHECK(read_signature(other_order, with_bytes()));
}

TEST_CASE("everything else is refused") {
    const std::vector<std::string> inputs = {
        "",
        "a",
        "a=",
        "a=()",
        changed("a=(", "A=("),
        changed("a=(", "=("),
        changed("a=(", "b=("),      // another label than the signature's
        changed(" \"@query\"", ""), // covers less
        changed(" \"content-digest\"", ""),
        changed("\"@method\" \"@path\"", "\"@path\" \"@method\""), // in another order
        changed("\"@method\"", "\"@method\";req"),
        changed("\" \"", "\"  \""),
        changed(";created", "; created"),
        changed("created=1795772100", "created=\"1795772100\""),
        changed("created=1795772100", "created=-1"),
        changed("created=1795772100", "created=01"),
        changed("created=1795772100", "created=1795772100.5"),
        changed("created=1795772100", "created=9999999999999"),
        changed("created=1795772100;", ""),
        changed("created=1795772100;", "created=1795772100;created=1795772100;"),
        changed("nonce=\"0123456789abcdef\"", "nonce=\"0123456789abcde\""), // too short
        changed("nonce=\"0123456789abcdef\"", "nonce=\"" + std::string(65, 'a') + "\""),
        changed("nonce=\"0123456789abcdef\"", "nonce=\"0123456789abcd\\\"f\""),
        changed("nonce=\"0123456789abcdef\"", "nonce=0123456789abcdef"),
        changed("keyid=\"0193a6a0-0000\"", "keyid=\"\""),
        changed("keyid=\"0193a6a0-0000\"", "keyid=\"a b\""),
        changed("alg=\"ed25519\"", "alg=\"rsa-pss-sha512\""),
        changed("alg=\"ed25519\"", "alg=\"none\""),
        changed(";alg=\"ed25519\"", ""),
        std::string(kGood) + ";expires=5",
        std::string(kGood) + ";",
        std::string(kGood) + ", b=()",
        std::string(kGood) + "\n",
        changed("keyid=\"0193a6a0-0000\"", "keyid=\"" + std::string(600, 'a') + "\""),
    };
    for (const auto& input : inputs) {
        CAPTURE(input);
        const auto read = read_signature(input, with_bytes());
        REQUIRE_FALSE(read);
        CHECK(read.error().code == Code::token_malformed);
    }
    for (const std::string& bytes :
         {std::string(), std::string("a"), std::string("a=:"), std::string("a=::"), with_bytes("b"),
          std::string("a=") + std::string(88, 'A'),
          with_bytes() + ", b=:AA==:", "a=:" + std::string(83, 'A') + "=:", with_bytes().substr(0, 40)}) {
        CAPTURE(bytes);
        CHECK_FALSE(read_signature(kGood, bytes));
    }
}
