#include "egress/ssh/signed_data.hpp"

#include "egress/ssh/bytes.hpp"

namespace owhale::egress::ssh {
namespace {

constexpr std::uint8_t kUserauthRequest = 50; // SSH_MSG_USERAUTH_REQUEST
constexpr std::string_view kMagic = "SSHSIG";
constexpr std::string_view kPlain = "publickey", kBound = "publickey-hostbound-v00@openssh.com";
constexpr std::size_t kMostSession = 64; // bytes: the longest exchange hash is SHA-512's
constexpr std::size_t kMostUser = 256;

std::unexpected<Error> neither() {
    return fail(Code::invalid_value, "what is to be signed is neither a login over ssh nor a signed message");
}

Result<SignedData> read_message(std::string_view data) {
    Reader reader(data.substr(kMagic.size()));
    SignedMessage out{std::string(reader.string())};
    const auto reserved = reader.string(), hash = reader.string(), digest = reader.string();
    const bool fits = (hash == "sha256" && digest.size() == 32) || (hash == "sha512" && digest.size() == 64);
    if (!reader.done() || !fits || !reserved.empty() || out.name_space.empty()) return neither();
    return out;
}

Result<SignedData> read_login(std::string_view data) {
    Reader reader(data);
    SignedLogin out;
    out.session = reader.string();
    const auto message = reader.byte();
    out.user = reader.string();
    const auto service = reader.string(), method = reader.string();
    const auto has_signature = reader.byte();
    reader.string(); // the algorithm: the agent's matter
    out.key = reader.string();
    if (method == kBound) out.host_key = reader.string();
    const bool plausible = message == kUserauthRequest && service == "ssh-connection" && has_signature == 1 &&
                           (method == kPlain || (method == kBound && !out.host_key.empty())) && !out.session.empty() &&
                           out.session.size() <= kMostSession && out.user.size() <= kMostUser && !out.key.empty();
    if (!reader.done() || !plausible) return neither();
    return out;
}

} // namespace

// A login starts with a length of 64 at most, a message with the letters: neither can be taken for the other.
Result<SignedData> read_signed(std::string_view data) {
    return data.starts_with(kMagic) ? read_message(data) : read_login(data);
}

} // namespace owhale::egress::ssh
