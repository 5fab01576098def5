#include "cli/joining.hpp"

#include <algorithm>
#include <sodium.h>

#include "cli/certificates.hpp"
#include "cli/messages.hpp"
#include "shared/pairing/bound.hpp"
#include "shared/pairing/code.hpp"
#include "shared/pairing/cpace.hpp"
#include "shared/pairing/words.hpp"

namespace owhale::cli {
namespace {

using pairing::CPace;

constexpr auto kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr std::string_view kVia = pairing::kVia.front(); // it compares the certificate itself
constexpr auto kPatience = "25";                         // seconds of one question whether it is confirmed
constexpr std::chrono::milliseconds kLimit{40'000};

std::string to_text(const auto& bytes) {
    std::string text(sodium_base64_ENCODED_LEN(bytes.size(), kVariant), '\0');
    ::sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                        kVariant);
    text.pop_back(); // the NUL
    return text;
}

template <std::size_t N> Result<std::array<std::uint8_t, N>> bytes_of(const std::string& text) {
    std::array<std::uint8_t, N> out{};
    std::size_t size = 0;
    const bool good =
        ::sodium_base642bin(out.data(), N, text.data(), text.size(), nullptr, &size, nullptr, kVariant) == 0;
    if (good && size == N) return out;
    return fail(Code::internal, "owhaled's answer to the code cannot be read", "see whether both are of one version");
}

std::string new_sid() {
    std::string sid(CPace::kSidSize, '\0');
    ::randombytes_buf(sid.data(), sid.size());
    return sid;
}

std::unexpected<Error> not_proved(const Host& host, const std::string& seen) {
    return fail(Code::pairing_failed,
                "the code is wrong or not good any more, or " + host.authority() +
                    " is not the owhaled that it is for: somebody in between would look like this. Nothing was kept",
                "look at the code again; if it is right, compare the certificates: this machine was shown " + seen +
                    "; owhalectl status there shows its own");
}

} // namespace

Joining::Joining(Host host)
    : host_([&] {
          host.unproven = true;
          host.source = "pair join";
          return std::move(host);
      }()),
      client_(Where{{}, host_}), device_(new_device()) {}

// Peer.certificate is "FINGERPRINT, why".
Result<std::string> Joining::fingerprint() const {
    const auto& certificate = client_.peer().certificate;
    const auto end = certificate.find(',');
    if (end != std::string::npos) return certificate.substr(0, end);
    return fail(Code::unsupported, "a device joins over TLS alone", "owhalectl pair join https://HOST:PORT");
}

Result<Reply> Joining::ask(Call call) {
    call.anonymous = true;
    auto reply = client_.send(std::move(call));
    if (!reply) return reply;
    // A connection that was made anew shows its certificate anew.
    if (TRY(fingerprint()) == print_) return reply;
    return fail(Code::unreachable, "the certificate of " + host_.authority() + " changed in between: nothing was kept",
                "try again");
}

Status Joining::reach() {
    TRY(client_.send({.verb = "health", .anonymous = true}));
    print_ = TRY(fingerprint());
    return {};
}

Result<std::optional<Joining::Before>> Joining::before() {
    auto kept = TRY(device_for(host_));
    if (!kept) return std::nullopt;
    before_ = std::make_shared<const KeptDevice>(*std::move(kept));
    Before out{"device:" + before_->id, before_->principal, before_->source, std::string()};
    const auto reply = ask({.verb = "whoami", .as = before_});
    if (!reply && describe(reply.error().code).status != 401) return std::unexpected(reply.error());
    if (!reply) out.called = std::unexpected(reply.error());
    if (reply) out.called = TRY(read_whoami(reply->body)).device_name.value_or(std::string());
    return out;
}

Result<api::JoinState> Joining::prove(const std::string& code, const std::string& name, bool replaces) {
    const auto key = device_.key();
    CPace cpace(CPace::Side::initiator, code, pairing::kChannel, new_sid(),
                pairing::joiner_ad(key, name, kVia, print_));
    const api::JoinRequest request{std::string(pairing::hint_of(code)),
                                   to_text(cpace.sid()),
                                   to_text(cpace.own().y),
                                   to_text(key),
                                   name,
                                   std::string(kVia)};
    const auto body = TRY(ask({.verb = "pair.join", .body = write(request)})).body;
    const auto answer = TRY(read_join_answer(body));
    CHECK(cpace.meet({TRY(bytes_of<32>(answer.share)), pairing::maker_ad(print_)}));
    // Also with the wrong tag the proof goes out: so owhaled can write down that somebody tried. It tells nothing.
    const bool knows = cpace.is_their_tag(TRY(bytes_of<64>(answer.tag)));
    api::JoinProof proof{to_text(cpace.own_tag()), {}};
    if (replaces) proof.replaces = before_->id;
    auto proved =
        ask({.verb = "pair.prove", .id = answer.join, .body = write(proof), .as = replaces ? before_ : nullptr});
    if (!knows || (!proved && proved.error().code == Code::pairing_failed)) return not_proved(host_, print_);
    if (!proved) return std::unexpected(std::move(proved).error());
    join_ = answer.join;
    auto state = TRY(read_join_state(proved->body));
    state.words = pairing::words_of(key); // of what we have, not of what we were told
    return state;
}

Result<api::JoinState> Joining::wait() {
    const auto body = TRY(ask({.verb = "pair.state",
                               .id = join_,
                               .headers = {{"Prefer", std::string("wait=") + kPatience}},
                               .limit = kLimit}))
                          .body;
    return read_join_state(body);
}

Result<std::string> Joining::keep(const api::JoinState& paired) {
    device_.id = paired.device;
    device_.principal = paired.principal;
    CHECK(remember_certificate(host_, print_));
    return keep_device(host_, device_);
}

} // namespace owhale::cli
