#include "egress/ssh/requests.hpp"

#include <algorithm>
#include <array>

#include "egress/ssh/bytes.hpp"
#include "egress/ssh/signed_data.hpp"

namespace owhale::egress::ssh {
namespace {

constexpr std::size_t kMostIdentities = 1024;
constexpr std::size_t kMostSession = 64; // bytes
constexpr std::uint32_t kRsaSha256 = 2, kRsaSha512 = 4;
constexpr std::array<std::string_view, 2> kNamespaces = {"git", "file"}; // of signed messages

struct RequestName {
    std::uint8_t number;
    std::string_view name;
};
constexpr std::array kNames = {
    RequestName{17, "add a key"},
    RequestName{18, "remove a key"},
    RequestName{19, "remove all keys"},
    RequestName{20, "add a key of a token"},
    RequestName{21, "remove a token's key"},
    RequestName{22, "lock the agent"},
    RequestName{23, "unlock the agent"},
    RequestName{25, "add a key with conditions"},
    RequestName{26, "add a key of a token with conditions"},
    RequestName{27, "an extension"},
    RequestName{1, "list keys of protocol 1"},
    RequestName{3, "answer a challenge of protocol 1"},
    RequestName{7, "add a key of protocol 1"},
    RequestName{8, "remove a key of protocol 1"},
    RequestName{9, "remove all keys of protocol 1"},
};

std::unexpected<Error> malformed(std::string what) {
    return fail(Code::invalid_value, std::move(what));
}
std::unexpected<Error> refused(std::string why, std::string next) {
    return fail(Code::forbidden, std::move(why), std::move(next));
}

bool is_plain(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

Result<Purpose> judge_message(const SignedMessage& message) {
    if (std::find(kNamespaces.begin(), kNamespaces.end(), message.name_space) == kNamespaces.end())
        return refused("a signed message of a kind that no run may sign: only git's and files'",
                       "sign it outside the cage");
    return Purpose{message.name_space, {}};
}

// The host's key is taken from the binding, whose signature was verified: what the login itself says of it must agree. The run
// is no honest client: it can have a key of its own sign another host's session, so a binding alone says little of where the
// signature will be used. A login that holds the host's key (publickey-hostbound) is good there alone.
Result<Purpose> judge_login(const Signing& signing, const SignedLogin& login, const std::optional<Binding>& binding) {
    if (!binding)
        return refused("a login by a client that does not say to which host",
                       "use OpenSSH 8.9 or later, which binds its session to the host's key");
    if (login.session != binding->session)
        return refused("a login on another session than the one that was bound", "log in once per connection");
    if (login.key != signing.blob)
        return refused("a login with another key than the one that is to sign", "sign with the key that logs in");
    if (!login.host_key.empty()) {
        const auto named = read_key(login.host_key);
        if (!named || named->fingerprint != binding->host.fingerprint)
            return refused("a login at another host than the one that was bound", "log in once per connection");
    }
    if (!is_plain(login.user))
        return refused("a login as a user whose name has other characters than printable ASCII",
                       "name the user in ASCII");
    auto host = binding->host.fingerprint;
    if (login.host_key.empty()) host += kUnbound;
    return Purpose{"host " + host + " as user " + login.user, host};
}

} // namespace

std::string_view name_of(std::uint8_t request) {
    for (const auto& row : kNames)
        if (row.number == request) return row.name;
    return "an unknown request";
}

Result<std::vector<Identity>> read_identities(std::string_view message) {
    Reader reader(message);
    const auto type = reader.byte();
    const auto count = reader.number();
    if (type != kIdentitiesAnswer || count > kMostIdentities) return malformed("not a list of keys");
    std::vector<Identity> out;
    for (std::uint32_t i = 0; i < count && reader.good(); ++i) {
        const auto blob = reader.string(), comment = reader.string();
        if (auto key = read_key(blob)) out.push_back({std::string(blob), std::string(comment), *std::move(key)});
    }
    if (!reader.done()) return malformed("a list of keys that is cut off");
    return out;
}

std::string write_identities(const std::vector<Identity>& identities) {
    std::string out(1, static_cast<char>(kIdentitiesAnswer));
    put_number(out, static_cast<std::uint32_t>(identities.size()));
    for (const auto& identity : identities) {
        put_string(out, identity.blob);
        put_string(out, identity.comment);
    }
    return out;
}

Result<Binding> read_binding(std::string_view message) {
    Reader reader(message);
    const auto type = reader.byte();
    const auto name = reader.string();
    if (type != kExtension || name != "session-bind@openssh.com") return malformed("an extension");
    const auto host = reader.string(), session = reader.string(), signature = reader.string();
    const auto forwarded = reader.byte();
    if (!reader.done() || session.empty() || session.size() > kMostSession)
        return malformed("a binding that is cut off");
    if (forwarded != 0)
        return refused("an agent that is passed on to another host (ssh -A): what asks is there, not in the run",
                       "log in without -A; ssh -J goes through a host without lending it the agent");
    Binding out{std::string(session), TRY(read_key(host))};
    CHECK(verify(out.host, signature, session));
    return out;
}

Result<Signing> read_signing(std::string_view message) {
    Reader reader(message);
    const auto type = reader.byte();
    Signing out;
    out.blob = reader.string();
    out.data = reader.string();
    out.flags = reader.number();
    if (type != kSignRequest || !reader.done()) return malformed("a request to sign that is cut off");
    if ((out.flags & ~(kRsaSha256 | kRsaSha512)) != 0) return malformed("a request to sign with unknown flags");
    out.key = TRY(read_key(out.blob));
    return out;
}

Result<Purpose> judge(const Signing& signing, const std::optional<Binding>& binding) {
    const auto data = read_signed(signing.data);
    if (!data) return refused(data.error().message, "only logins and messages that say what they are can be signed");
    if (const auto* message = std::get_if<SignedMessage>(&*data)) return judge_message(*message);
    return judge_login(signing, std::get<SignedLogin>(*data), binding);
}

} // namespace owhale::egress::ssh
