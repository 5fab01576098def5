// After the body: whether the asker still may, and how it is proved.
#include <array>
#include <boost/asio/use_awaitable.hpp>
#include <sodium.h>

#include "base/clock.hpp"
#include "shared/pairing/http_signature.hpp"
#include "transport/gate.hpp"
#include "transport/permit.hpp"
#include "transport/wipe.hpp"

namespace owhale::transport {
namespace {

using identity::Kind;
using identity::Principal;

constexpr std::size_t kLongestPassword = 1024; // bytes of base64
constexpr std::size_t kKeptBody = 8192;        // of what a device signed, for the log
constexpr const char* kLogIn = "Log in: owhalectl login, or POST /v1/login.";

// A window is that of one session on one client's connection: other tokens of the account, and whoever else a proxy
// puts on this connection, have no part in it.
bool window_is_open(const Connection& connection, const Principal& who) {
    const auto& window = connection.step_up;
    return !connection.proxied && !who.for_agent && window.is_of(who) && monotonic_ns() < window.until_ns;
}

Error no_proof(const Match& match, const Principal& who) {
    if (who.for_agent)
        return {Code::step_up_required,
                "a token for an agent never steps up: " + std::string(match.verb->name),
                "A person has to do this, logged in: owhalectl login.",
                0,
                {}};
    if (who.kind == Kind::device)
        return {Code::step_up_required,
                std::string(match.verb->name) + " has to be signed by the device itself",
                "Send it as a request of its own.",
                0,
                {}};
    const bool account = who.kind == Kind::user;
    return {Code::step_up_required,
            who.name + " has to show its password for " + std::string(match.verb->name),
            account ? "Send it with the request, in base64, as the header Owhale-Password; or open a window on this "
                      "connection with POST /v1/step-up."
                    : kLogIn,
            0,
            {}};
}

Result<std::string> decode_password(const std::string& text) {
    std::string password(text.size(), '\0');
    std::size_t size = 0;
    const bool good = text.size() <= kLongestPassword &&
                      sodium_base642bin(reinterpret_cast<unsigned char*>(password.data()), password.size(), text.data(),
                                        text.size(), nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL) == 0;
    if (!good) wipe(password);
    if (!good)
        return fail(Code::bad_request, "the header Owhale-Password is not base64 of at most 1 KiB",
                    "Encode the password's UTF-8 bytes in base64, padded.");
    password.resize(size);
    return password;
}

std::string sha256_hex(std::string_view text) {
    const auto digest = pairing::digest_of(text);
    std::array<char, 2 * crypto_hash_sha256_BYTES + 1> hex{};
    return sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
}

} // namespace

std::string Proof::text() const {
    switch (by) {
    case By::nothing:
        return {};
    case By::root:
        return "root";
    case By::window:
        return "window";
    case By::password:
        return "password for " + act;
    case By::signature:
        return "signature for " + act;
    }
    return {};
}

// What was signed is the head with the body's digest: another body is another request.
std::expected<void, Response> Gate::check_body(const Connection& connection, Pass& pass, std::string_view body) {
    if (!pass.who.signature) return {};
    if (pairing::digest_of(body) == pass.who.signature->digest) {
        if (body.size() > kKeptBody) return {};
        auto whole = std::make_shared<identity::Signed>(*pass.who.signature);
        whole->body = body;
        pass.who.signature = std::move(whole);
        return {};
    }
    const std::string why = "the body is not what the device signed: its digest is another";
    identity_.refused_proof(connection.peer, {"signature", pass.who.session}, why);
    return std::unexpected(problem({Code::token_signature, why, "Send exactly what Content-Digest is of.", 0, {}}));
}

// The same question as at the head, which may be half a minute ago: the body took its time, or the proof did.
std::expected<void, Response> Gate::ask_again(const Connection& connection, Pass& pass) {
    auto who = identity_.refresh(connection.peer, pass.who);
    if (!who) return std::unexpected(problem(who.error()));
    pass.who = *std::move(who);
    if (const auto permitted = permit(pass.match, pass.who); !permitted)
        return std::unexpected(problem(permitted.error()));
    return {};
}

// One Argon2id, on another thread, so it is counted before and given back when the password was right.
asio::awaitable<std::expected<void, Response>> Gate::prove_password(const Connection& connection, Pass& pass) {
    if (const auto excess = limit_.step_up(connection.peer, pass.who))
        co_return std::unexpected(limited(connection.peer, *excess));
    auto password = decode_password(pass.password);
    if (!password) co_return std::unexpected(problem(password.error()));
    const auto proved = co_await identity_.prove(connection.peer, pass.who, *std::move(password));
    if (!proved) co_return std::unexpected(problem(proved.error()));
    limit_.forgive_step_up(connection.peer, pass.who);
    co_return ask_again(connection, pass);
}

asio::awaitable<std::expected<Proof, Response>> Gate::prove(const Connection& connection, Pass& pass, std::string act,
                                                            std::string_view body) {
    using By = Proof::By;
    auto good = check_body(connection, pass, body);
    if (good) good = ask_again(connection, pass);
    if (!good) {
        wipe(pass.password);
        note_refusal(connection.peer, pass.who, *pass.match.verb, good.error());
        co_return std::unexpected(std::move(good).error());
    }
    const auto traits = pass.match.verb->traits;
    const bool asked = (traits & kStepUp) != 0 || ((traits & kNarrows) != 0 && !pass.who.for_agent);
    const auto by = !asked                                              ? By::nothing
                    : identity_.stands_above(connection.peer, pass.who) ? By::root
                    : pass.who.signature                                ? By::signature
                    : window_is_open(connection, pass.who)              ? By::window
                                                                        : By::password;
    std::expected<void, Response> proved;
    if (by == By::password && pass.password.empty() && can_prove(pass.who)) {
        identity_.asked_for_password(connection.peer, pass.who, std::string(pass.match.verb->name));
        co_return std::unexpected(problem(no_proof(pass.match, pass.who)));
    }
    if (by == By::password && !can_prove(pass.who))
        proved = std::unexpected(problem(no_proof(pass.match, pass.who)));
    else if (by == By::password)
        proved = co_await prove_password(connection, pass);
    wipe(pass.password);
    if (!proved) {
        note_refusal(connection.peer, pass.who, *pass.match.verb, proved.error());
        co_return std::unexpected(std::move(proved).error());
    }
    const bool told = by == By::password || by == By::signature;
    co_return told ? Proof{by, std::move(act) + " sha256:" + sha256_hex(body)} : Proof{by, {}};
}

} // namespace owhale::transport
