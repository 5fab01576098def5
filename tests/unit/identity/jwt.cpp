#include "identity/jwt.hpp"

#include "checks.hpp"
#include "folder.hpp"
#include "identity/base64url.hpp"

using namespace owhale;
using namespace owhale::identity;

namespace {

struct Signed {
    test::Folder folder;
    SignKey key = *SignKey::make(folder / "key");
    Claims claims{"owhaled:x", "owhaled", "user:alice", "jti", 1000, 1000, 2000};

    FindKey find() const {
        return [this](std::string_view kid) { return kid == key.id() ? &key.public_key() : nullptr; };
    }
    Code refusal(const std::string& token) const { return read_token(token, find()).error().code; }
    // A token of any header and claims, signed right.
    std::string token(const std::string& header, const std::string& body) const {
        const auto both = to_base64url(header) + "." + to_base64url(body);
        return both + "." + to_base64url(key.sign(both));
    }
    std::string header(const std::string& alg = "EdDSA") const {
        return R"({"alg":")" + alg + R"(","kid":")" + key.id() + R"("})";
    }
};

const std::string kBody =
    R"({"iss":"owhaled:x","aud":"owhaled","sub":"user:alice","jti":"j","iat":1000,"nbf":1000,"exp":2000})";

} // namespace

TEST_CASE("what is written is read") {
    const Signed it;
    const auto read = read_token(write_token(it.claims, it.key), it.find());
    REQUIRE(read);
    CHECK_EQ(read->claims.sub, "user:alice");
    CHECK_EQ(read->claims.exp, 2000);
    CHECK_EQ(read->kid, it.key.id());
}

TEST_CASE("no header chooses the algorithm") {
    const Signed it;
    for (const auto* alg : {"none", "None", "HS256", "ES256", "RS256", "eddsa", "Ed25519", ""})
        CHECK_EQ(it.refusal(it.token(it.header(alg), kBody)), Code::token_algorithm);
    CHECK_EQ(it.refusal(it.token(R"({"kid":")" + it.key.id() + R"("})", kBody)), Code::token_algorithm);
    CHECK_EQ(it.refusal(it.token(R"({"alg":["EdDSA"],"kid":")" + it.key.id() + R"("})", kBody)), Code::token_algorithm);
}

TEST_CASE("a header that would have something fetched, trusted or done is refused") {
    const Signed it;
    for (const auto* name : {"jwk", "jku", "x5u", "x5c", "x5t", "crit", "zip", "b64", "cty"}) {
        const auto header = R"({"alg":"EdDSA","kid":")" + it.key.id() + R"(",")" + name + R"(":"x"})";
        CHECK_EQ(it.refusal(it.token(header, kBody)), Code::token_malformed);
    }
}

TEST_CASE("a key is found in a table and nowhere else") {
    const Signed it;
    for (const auto* kid : {"../../../dev/null", "", "0000000000000000", "' OR 1=1 --", "/etc/passwd"})
        CHECK_EQ(it.refusal(it.token(R"({"alg":"EdDSA","kid":")" + std::string(kid) + R"("})", kBody)),
                 Code::token_unknown_key);
    CHECK_EQ(it.refusal(it.token(R"({"alg":"EdDSA"})", kBody)), Code::token_malformed);
    CHECK_EQ(it.refusal(it.token(R"({"alg":"EdDSA","kid":7})", kBody)), Code::token_malformed);
}

TEST_CASE("a key that stands twice is refused, in header and in claims") {
    const Signed it;
    CHECK_EQ(it.refusal(it.token(R"({"alg":"EdDSA","alg":"EdDSA","kid":")" + it.key.id() + R"("})", kBody)),
             Code::token_malformed);
    CHECK_EQ(it.refusal(it.token(it.header(), R"({"sub":"user:root",)" + kBody.substr(1))), Code::token_malformed);
}

TEST_CASE("a changed byte, another key and a cut signature are no signature") {
    const Signed it, other;
    const auto token = write_token(it.claims, it.key);
    const auto dot = token.rfind('.');
    for (std::size_t at = token.find('.') + 1; at < dot; at += 7) {
        auto changed = token;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        CHECK_FALSE(read_token(changed, it.find()));
    }
    CHECK_EQ(it.refusal(token.substr(0, dot + 1)), Code::token_signature);
    CHECK_EQ(it.refusal(token.substr(0, token.size() - 2)), Code::token_signature);
    const auto head = to_base64url(it.header()) + "." + to_base64url(kBody);
    CHECK_EQ(it.refusal(head + "." + to_base64url(other.key.sign(head))), Code::token_signature);
}

TEST_CASE("one text for each token: padding, line ends and stray bits are refused") {
    const Signed it;
    const auto token = write_token(it.claims, it.key);
    for (const auto& changed : {token + "=", token + "\n", " " + token, token + ".", "." + token, token + "A",
                                token.substr(0, 5) + "\n" + token.substr(5), std::string(), std::string("."),
                                std::string(".."), std::string("a.b.c.d"), std::string(100'000, 'a')})
        CHECK_FALSE(read_token(changed, it.find()));
    // 64 bytes leave four bits over in the last character: only zero ones are taken.
    auto stray = token;
    stray.back() = static_cast<char>(stray.back() + 1);
    CHECK_FALSE(read_token(stray, it.find()));
}

TEST_CASE("sizes have limits") {
    const Signed it;
    const auto long_header =
        R"({"alg":"EdDSA","kid":")" + it.key.id() + R"(","typ":")" + std::string(600, 'x') + R"("})";
    CHECK_EQ(it.refusal(it.token(long_header, kBody)), Code::token_malformed);
    const auto long_claims = R"({"x":")" + std::string(4000, 'x') + R"(",)" + kBody.substr(1);
    CHECK_EQ(it.refusal(it.token(it.header(), long_claims)), Code::token_malformed);
}

TEST_CASE("claims of other types are refused") {
    const Signed it;
    const auto with = [&](std::string from, std::string to) {
        auto body = kBody;
        body.replace(body.find(from), from.size(), to);
        return it.refusal(it.token(it.header(), body));
    };
    CHECK_EQ(with(R"("exp":2000)", R"("exp":"2000")"), Code::token_malformed);
    CHECK_EQ(with(R"("exp":2000)", R"("exp":2e300)"), Code::token_malformed);
    CHECK_EQ(with(R"(,"exp":2000)", ""), Code::token_malformed);
    CHECK_EQ(with(R"("aud":"owhaled")", R"("aud":["owhaled","other"])"), Code::token_audience);
    CHECK_EQ(with(R"("iss":"owhaled:x",)", ""), Code::token_issuer);
    CHECK_EQ(it.refusal(it.token(it.header(), "[]")), Code::token_malformed);
    CHECK_EQ(it.refusal(it.token(it.header(), "null")), Code::token_malformed);
}

TEST_CASE("each claim that does not hold has its own code; a minute for clocks, but none after the end") {
    const Signed it;
    const auto code = [&](auto change, std::int64_t now) {
        auto claims = it.claims;
        change(claims);
        const auto checked = check_claims(claims, "owhaled:x", now);
        return checked ? Code::internal : checked.error().code;
    };
    const auto same = [](Claims&) {};
    CHECK_EQ(code(same, 1000), Code::internal);
    CHECK_EQ(code(same, 940), Code::internal);
    CHECK_EQ(code(same, 939), Code::token_not_yet_valid);
    CHECK_EQ(code(same, 1999), Code::internal);
    CHECK_EQ(code(same, 2000), Code::token_expired);
    CHECK_EQ(code([](Claims& c) { c.iss = "owhaled:y"; }, 1000), Code::token_issuer);
    CHECK_EQ(code([](Claims& c) { c.aud = "other"; }, 1000), Code::token_audience);
    CHECK_EQ(code([](Claims& c) { c.iat = 1100; }, 1000), Code::token_not_yet_valid);
}
