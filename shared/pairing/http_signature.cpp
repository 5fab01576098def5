#include "shared/pairing/http_signature.hpp"

#include <algorithm>
#include <optional>
#include <sodium.h>
#include <utility>

namespace owhale::pairing {
namespace {

constexpr std::string_view kComponents = R"(("@method" "@path" "@query" "content-digest"))";
constexpr std::string_view kDigestName = "sha-256";
constexpr std::size_t kMostLabel = 32, kMostSeconds = 12;

std::unexpected<Error> malformed(std::string what) {
    return fail(Code::token_malformed, std::move(what),
                "owhaled takes RFC 9421 signatures in one form alone: man owhalectl-pair");
}

bool is_label(std::string_view text) {
    const auto inner = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '*';
    };
    return !text.empty() && text.size() <= kMostLabel && text[0] >= 'a' && text[0] <= 'z' &&
           std::ranges::all_of(text, inner);
}

bool is_name(std::string_view text) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_.:/+=").find(c) != std::string_view::npos;
    };
    return std::ranges::all_of(text, good);
}

std::string_view take_until(std::string_view& rest, char end) {
    const auto at = std::min(rest.find(end), rest.size());
    const auto taken = rest.substr(0, at);
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return taken;
}

// The bytes of ":BASE64:", padded and canonical.
template <std::size_t N> std::optional<std::array<std::uint8_t, N>> byte_sequence(std::string_view text) {
    if (text.size() < 2 || text.front() != ':' || text.back() != ':') return std::nullopt;
    const auto inside = text.substr(1, text.size() - 2);
    std::array<std::uint8_t, N> bytes{};
    std::size_t size = 0;
    const bool good = ::sodium_base642bin(bytes.data(), N, inside.data(), inside.size(), nullptr, &size, nullptr,
                                          sodium_base64_VARIANT_ORIGINAL) == 0;
    return good && size == N ? std::optional(bytes) : std::nullopt;
}

std::string base64(std::span<const std::uint8_t> bytes) {
    std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    ::sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    text.pop_back(); // the NUL
    return text;
}

std::optional<std::int64_t> seconds_of(std::string_view text) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || text.size() > kMostSeconds || !std::ranges::all_of(text, digit)) return std::nullopt;
    if (text.size() > 1 && text[0] == '0') return std::nullopt;
    std::int64_t out = 0;
    for (const char c : text) out = out * 10 + (c - '0');
    return out;
}

std::optional<std::string> quoted(std::string_view text, std::size_t least, std::size_t most) {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
    const auto inside = text.substr(1, text.size() - 2);
    if (inside.size() < least || inside.size() > most || !is_name(inside)) return std::nullopt;
    return std::string(inside);
}

// Which parameters were seen, so that each comes once.
struct Seen {
    bool created = false, nonce = false, keyid = false, alg = false;
    bool all() const { return created && nonce && keyid && alg; }
};

bool take(Seen& seen, Signature& out, std::string_view name, std::string_view value) {
    const auto once = [](bool& flag) { return !std::exchange(flag, true); };
    if (name == "created") {
        const auto seconds = seconds_of(value);
        out.created = seconds.value_or(0);
        return once(seen.created) && seconds;
    }
    if (name == "alg") return once(seen.alg) && value == "\"ed25519\"";
    const bool nonce = name == "nonce";
    if (!nonce && name != "keyid") return false;
    auto text = nonce ? quoted(value, kLeastNonce, kMostNonce) : quoted(value, 1, kMostKeyid);
    if (!text || !once(nonce ? seen.nonce : seen.keyid)) return false;
    (nonce ? out.nonce : out.keyid) = *std::move(text);
    return true;
}

// `text`: ;created=1;nonce="…"…
Status read_params(std::string_view text, Signature& out) {
    Seen seen;
    if (!text.starts_with(';') || text.ends_with(';'))
        return malformed("Signature-Input covers these, in this order: " + std::string(kComponents));
    text.remove_prefix(1);
    while (!text.empty()) {
        auto parameter = take_until(text, ';');
        const auto name = take_until(parameter, '=');
        if (!take(seen, out, name, parameter))
            return malformed(
                "Signature-Input: a parameter is wrong, twice there or none of created, nonce, keyid and alg");
    }
    if (seen.all()) return {};
    return malformed("Signature-Input lacks one of created, nonce, keyid and alg");
}

} // namespace

Result<Signature> read_signature(std::string_view input, std::string_view signature) {
    if (input.size() > kMostInput || signature.size() > kMostSignature)
        return malformed("Signature-Input is over 512 bytes, or Signature over 160");
    const auto label = take_until(input, '=');
    if (!is_label(label)) return malformed("Signature-Input has no label");
    if (take_until(signature, '=') != label) return malformed("Signature and Signature-Input have different labels");
    if (!input.starts_with(kComponents))
        return malformed("Signature-Input covers these, in this order: " + std::string(kComponents));
    Signature out;
    out.params = input;
    CHECK(read_params(input.substr(kComponents.size()), out));
    const auto bytes = byte_sequence<64>(signature);
    if (!bytes) return malformed("Signature is not :BASE64: of 64 bytes");
    out.bytes = *bytes;
    return out;
}

Result<std::array<std::uint8_t, 32>> read_digest(std::string_view field) {
    if (field.size() > kMostDigest || take_until(field, '=') != kDigestName)
        return malformed("Content-Digest is not sha-256=:BASE64: alone (RFC 9530)");
    const auto bytes = byte_sequence<32>(field);
    if (!bytes) return malformed("Content-Digest is not sha-256=:BASE64: alone (RFC 9530)");
    return *bytes;
}

std::array<std::uint8_t, 32> digest_of(std::string_view body) {
    std::array<std::uint8_t, crypto_hash_sha256_BYTES> digest{};
    ::crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(body.data()), body.size());
    return digest;
}

std::string digest_field(const std::array<std::uint8_t, 32>& digest) {
    return std::string(kDigestName) + "=:" + base64(digest) + ":";
}

std::string signature_base(std::span<const Component> components, std::string_view params) {
    std::string base;
    for (const auto& [name, value] : components) (((base += '"') += name) += "\": ") += std::string(value) + "\n";
    return (base += "\"@signature-params\": ") += params;
}

std::string request_base(std::string_view method, std::string_view target, std::string_view content_digest,
                         std::string_view params) {
    const auto mark = std::min(target.find('?'), target.size());
    const auto query = mark == target.size() ? std::string_view("?") : target.substr(mark);
    const std::array<Component, 4> components = {Component{"@method", method},
                                                 {"@path", target.substr(0, mark)},
                                                 {"@query", query},
                                                 {"content-digest", content_digest}};
    return signature_base(components, params);
}

bool is_signed_by(const std::array<std::uint8_t, 32>& key, std::string_view base, const Signature& signature) {
    return ::crypto_sign_verify_detached(signature.bytes.data(), reinterpret_cast<const unsigned char*>(base.data()),
                                         base.size(), key.data()) == 0;
}

Fields sign_request(const std::array<std::uint8_t, 64>& secret, const Signing& signing, std::string_view method,
                    std::string_view target, std::string_view body) {
    Fields out;
    out.content_digest = digest_field(digest_of(body));
    const auto params = std::string(kComponents) + ";created=" + std::to_string(signing.created) + ";nonce=\"" +
                        signing.nonce + "\";keyid=\"" + signing.keyid + "\";alg=\"ed25519\"";
    const auto base = request_base(method, target, out.content_digest, params);
    std::array<std::uint8_t, 64> bytes{};
    ::crypto_sign_detached(bytes.data(), nullptr, reinterpret_cast<const unsigned char*>(base.data()), base.size(),
                           secret.data());
    out.signature_input = "owhale=" + params;
    out.signature = "owhale=:" + base64(bytes) + ":";
    return out;
}

} // namespace owhale::pairing
