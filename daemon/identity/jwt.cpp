#include "identity/jwt.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

#include "identity/base64url.hpp"
#include "shared/codec.hpp"

namespace owhale::identity {
namespace {

namespace json = boost::json;

constexpr std::string_view kAlgorithm = "EdDSA";
constexpr const char* kLogIn = "log in again: owhalectl login";

std::unexpected<Error> malformed(std::string why) {
    return fail(Code::token_malformed, "the token is malformed: " + std::move(why), kLogIn);
}

struct Parts {
    std::string_view header, claims, signature, signed_part;
};

Result<Parts> split(std::string_view token) {
    if (token.size() > kMaxToken) return malformed("it is over " + std::to_string(kMaxToken) + " bytes");
    const auto first = token.find('.');
    const auto last = token.rfind('.');
    if (first == std::string_view::npos || first == last || token.find('.', first + 1) != last)
        return malformed("it is not header.claims.signature");
    if (first > kMaxHeader) return malformed("its header is over " + std::to_string(kMaxHeader) + " bytes");
    return Parts{token.substr(0, first), token.substr(first + 1, last - first - 1), token.substr(last + 1),
                 token.substr(0, last)};
}

// JSON as shared/codec reads it: a key that stands twice, which two readers understand differently, is refused.
Result<json::object> object_of(std::string_view encoded, std::string_view what) {
    const auto text = from_base64url(encoded);
    if (!text) return malformed("its " + std::string(what) + " is not base64url");
    auto value = codec::parse(*text, what);
    if (!value) return malformed(value.error().message);
    if (!value->is_object()) return malformed("its " + std::string(what) + " is no object");
    return std::move(value->get_object());
}

Result<std::string> text_in(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr || !value->is_string()) return malformed("\"" + std::string(key) + "\" is not a string");
    return std::string(value->get_string());
}

Result<std::int64_t> seconds_in(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr || !value->is_int64()) return malformed("\"" + std::string(key) + "\" is not a whole number");
    return value->get_int64();
}

// The id of the key. Whatever would have the verifier fetch, trust or do something (jwk, jku, x5u, x5c, crit, zip) is
// refused by not being one of the three that owhaled writes.
Result<std::string> kid_of(const json::object& header) {
    const auto* algorithm = header.if_contains("alg");
    if (algorithm == nullptr || !algorithm->is_string() || algorithm->get_string() != kAlgorithm)
        return fail(Code::token_algorithm, "the token's algorithm is not EdDSA", kLogIn);
    for (const auto& member : header) {
        const std::string_view key = member.key();
        if (key != "alg" && key != "kid" && key != "typ")
            return malformed("a header other than alg, kid and typ is refused");
    }
    if (header.contains("typ") && TRY(text_in(header, "typ")) != "JWT") return malformed("its typ is not JWT");
    return text_in(header, "kid");
}

Result<SignKey::Signature> signature_of(std::string_view encoded) {
    const auto bytes = from_base64url(encoded);
    SignKey::Signature signature{};
    if (!bytes || bytes->size() != signature.size())
        return fail(Code::token_signature, "the token's signature is not one of Ed25519", kLogIn);
    std::copy(bytes->begin(), bytes->end(), reinterpret_cast<char*>(signature.data()));
    return signature;
}

Result<Claims> claims_of(const json::object& object) {
    // An array may hold several audiences (RFC 7519, 4.1.3); owhaled writes one, as a string.
    if (const auto* aud = object.if_contains("aud"); aud == nullptr || !aud->is_string())
        return fail(Code::token_audience, "the token names no audience, or several", kLogIn);
    if (const auto* iss = object.if_contains("iss"); iss == nullptr || !iss->is_string())
        return fail(Code::token_issuer, "the token names no issuer", kLogIn);
    Claims claims;
    claims.iss = TRY(text_in(object, "iss"));
    claims.aud = TRY(text_in(object, "aud"));
    claims.sub = TRY(text_in(object, "sub"));
    claims.jti = TRY(text_in(object, "jti"));
    claims.exp = TRY(seconds_in(object, "exp"));
    claims.nbf = TRY(seconds_in(object, "nbf"));
    claims.iat = TRY(seconds_in(object, "iat"));
    return claims;
}

} // namespace

std::string write_token(const Claims& claims, const SignKey& key) {
    const json::object header{{"alg", kAlgorithm}, {"kid", key.id()}, {"typ", "JWT"}};
    const json::object body{{"iss", claims.iss}, {"aud", claims.aud}, {"sub", claims.sub}, {"jti", claims.jti},
                            {"iat", claims.iat}, {"nbf", claims.nbf}, {"exp", claims.exp}};
    auto token = to_base64url(json::serialize(header)) + "." + to_base64url(json::serialize(body));
    const auto signature = key.sign(token);
    return token + "." + to_base64url(signature);
}

Result<Read> read_token(std::string_view token, const FindKey& find_key) {
    const auto parts = TRY(split(token));
    const auto header = TRY(object_of(parts.header, "header"));
    const auto kid = TRY(kid_of(header));
    const auto* key = find_key(kid);
    if (key == nullptr)
        return fail(Code::token_unknown_key, "the token was signed with a key that owhaled does not know", kLogIn);
    const auto signature = TRY(signature_of(parts.signature));
    if (!SignKey::verify(*key, parts.signed_part, signature))
        return fail(Code::token_signature, "the token's signature is wrong", kLogIn);
    // Only now is what it claims looked at.
    const auto claims = TRY(object_of(parts.claims, "claims"));
    return Read{TRY(claims_of(claims)), kid};
}

Status check_claims(const Claims& claims, std::string_view issuer, std::int64_t now) {
    if (claims.iss != issuer)
        return fail(Code::token_issuer, "the token is another owhaled's", "log in to this one: owhalectl login");
    if (claims.aud != kAudience) return fail(Code::token_audience, "the token is not meant for owhaled", kLogIn);
    if (claims.exp <= now) return fail(Code::token_expired, "the token has expired", kLogIn);
    if (claims.nbf > now + kSkew || claims.iat > now + kSkew)
        return fail(Code::token_not_yet_valid, "the token is not valid yet: a clock has gone back", kLogIn);
    return {};
}

} // namespace owhale::identity
