#include "redact/jwt.hpp"

#include <algorithm>
#include <string>

namespace owhale::redact {
namespace {

constexpr std::string_view kSign = "eyJ"; // base64url of {"
constexpr std::size_t kLeastPayload = 4;
constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string decoded(std::string_view text) {
    std::string out;
    unsigned bits = 0, count = 0;
    for (const char c : text) {
        bits = bits << 6 | static_cast<unsigned>(kDigits.find(c));
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xff);
    }
    return out;
}

bool names_algorithm(std::string_view header) {
    const auto json = decoded(header);
    return json.starts_with("{\"") && json.ends_with("}") && json.find("\"alg\"") != std::string::npos;
}

Finding waiting(bool told) {
    Finding found;
    found.kind = Finding::Kind::wait;
    found.told = told;
    return found;
}

} // namespace

// The header and the payload are a token already: who cut the signature off has shown the rest.
Finding json_web_token(std::string_view text, std::size_t at, bool final) {
    const auto rest = text.substr(at);
    if (!rest.starts_with(kSign)) return !final && kSign.starts_with(rest) ? waiting(false) : Finding{};
    auto dot = kSign.size();
    while (dot < rest.size() && dot < kMaxHeader && is_of(Alphabet::url, rest[dot])) ++dot;
    if (dot == rest.size()) return final ? Finding{} : waiting(dot >= kSign.size() + kTellTale);
    if (rest[dot] != '.' || !names_algorithm(rest.substr(0, dot))) return {};
    auto end = dot + 1;
    while (end < rest.size() && end < dot + 1 + kLeastPayload && is_of(Alphabet::url, rest[end])) ++end;
    if (end == rest.size() && end < dot + 1 + kLeastPayload) return final ? Finding{} : waiting(true);
    if (end < dot + 1 + kLeastPayload) return {};
    return {.kind = Finding::Kind::secret, .cut = end, .label = "jwt", .rest = Alphabet::dotted, .open = true};
}

} // namespace owhale::redact
