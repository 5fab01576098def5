#include "vault/acts.hpp"

#include <algorithm>
#include <sodium.h>

#include "base/log.hpp"
#include "shared/codec.hpp"
#include "vault/access.hpp"
#include "vault/change.hpp"
#include "vault/rules.hpp"

namespace owhale::vault {
namespace {

using boost::asio::awaitable;
using identity::Principal;

std::unexpected<Error> unknown() {
    return fail(Code::not_found, "there is no such secret", "`owhalectl secrets ls` lists them");
}

boost::json::object told(const Meta& meta) {
    const auto& secret = meta.secret;
    boost::json::array hosts;
    for (const auto& host : secret.hosts) hosts.emplace_back(host.host + ":" + std::to_string(host.port));
    boost::json::object data{{"name", secret.name}, {"owner", secret.owner}, {"version", secret.version}};
    data["hosts"] = std::move(hosts);
    data["header"] = secret.header;
    if (secret.expires) data["expires"] = *secret.expires;
    return data;
}

// Runs hold nothing, and neither do agents' tokens what they could change: the transport's step-up sees to the second.
Status check_person(const Principal& who) {
    if (who.kind == identity::Kind::user || who.kind == identity::Kind::unix_uid) return {};
    return fail(Code::forbidden, who.name + " has no secrets", "do it outside of the cage");
}

std::string base64_of(const SecretBytes& value) {
    constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;
    std::string out(::sodium_base64_encoded_len(value.size(), kVariant), '\0');
    ::sodium_bin2base64(out.data(), out.size(), value.data(), value.size(), kVariant);
    out.pop_back(); // its final zero
    return out;
}

std::size_t count_of(const Keep::Rows& rows, const std::string& owner) {
    return static_cast<std::size_t>(
        std::ranges::count_if(rows, [&](const auto& row) { return row.first.owner == owner; }));
}

} // namespace

Result<const Keep::Held*> Acts::own(const Principal& who, const std::string& name) const {
    CHECK(check_person(who));
    const auto* held = vault_.keep().find({who.name, name});
    if (held == nullptr || !is_owner(who, held->meta)) return unknown();
    return held;
}

Result<Place> Acts::place(const Principal& who, bool any, const std::string& owner, const std::string& name) const {
    if (owner.empty() || owner == who.name) {
        if (const auto held = own(who, name)) return Place{who.name, name};
        if (!any) return unknown();
    }
    Place place{owner.empty() ? who.name : owner, name};
    if (!any || vault_.keep().find(place) == nullptr) return unknown();
    return place;
}

Result<api::SecretList> Acts::list(const Principal& who, bool any, const std::string& owner) {
    CHECK(check_person(who));
    CHECK(vault_.keep().check());
    api::SecretList out;
    for (const auto& [place, held] : vault_.keep().rows()) {
        const bool own = is_owner(who, held.meta);
        const bool wanted = owner == "*" || place.owner == owner || (owner.empty() && own);
        if (wanted && (own || any)) out.secrets.push_back(vault_.shown(held));
    }
    return out;
}

Result<api::Secret> Acts::show(const Principal& who, bool any, const std::string& owner, const std::string& name) {
    CHECK(check_person(who));
    CHECK(vault_.keep().check());
    return vault_.shown(*vault_.keep().find(TRY(place(who, any, owner, name))));
}

awaitable<Result<identity::Turn::Held>> Acts::turn_of(const Asker& asker) {
    auto held = co_await turn_.take();
    if (!held) co_return std::unexpected(held.error());
    if (asker.standing) CO_CHECK(asker.standing());
    co_return std::move(*held);
}

awaitable<Status> Acts::note(audit::EventName event, const Asker& asker, std::string outcome,
                             boost::json::object data) {
    const auto& who = asker.who;
    data["peer"] = who.peer.describe();
    if (!who.proof.empty()) data["step_up"] = who.proof;
    if (!who.who.session.empty()) data["session"] = who.who.session;
    audit::Event entry{event, who.who.name, who.verb, std::move(outcome), "", std::move(data), who.who.for_agent};
    const auto written = co_await vault_.parts().audit.append(std::move(entry));
    if (!written) co_return std::unexpected(written.error());
    co_return Status{};
}

awaitable<Status> Acts::change(audit::EventName event, const Asker& asker, boost::json::object data,
                               std::function<Status()> act) {
    data["generation"] = std::max(vault_.keep().generation(), vault_.log_generation()) + 1;
    auto before = data;
    std::string pending("pending");
    CO_CHECK(co_await note(event, asker, std::move(pending), std::move(before)));
    const auto done = act();
    std::string outcome(done ? "ok" : "failed");
    data["generation"] = vault_.keep().generation();
    if (done) data["head"] = vault_.keep().head();
    if (!done) data["why"] = done.error().message;
    const auto noted = co_await note(event, asker, std::move(outcome), std::move(data));
    if (!done) co_return done;
    co_return noted;
}

awaitable<Result<api::Secret>> Acts::store(audit::EventName event, const Asker& asker, Meta meta, SecretBytes value) {
    auto data = told(meta);
    const std::function<Status()> act = [&]() -> Status {
        CHECK(vault_.keep().put(meta, value));
        Vault::teach(value);
        return {};
    };
    CO_CHECK(co_await change(event, asker, std::move(data), act));
    co_return vault_.shown(*vault_.keep().find(place_of(meta)));
}

awaitable<Result<api::Secret>> Acts::set(Asker asker, std::string name, api::SecretRequest request) {
    const auto& who = asker.who.who;
    auto value = take_value(request.value, request.value_base64);
    if (!value) co_return std::unexpected(value.error());
    CO_CHECK(check_person(who));
    CO_CHECK(check_secret_name(name));
    const auto turn = co_await turn_of(asker);
    if (!turn) co_return std::unexpected(turn.error());
    CO_CHECK(vault_.keep().check());
    const auto held = own(who, name);
    const Meta* before = held ? &(*held)->meta : nullptr;
    if (before != nullptr && *value && !request.replace.value_or(false))
        co_return fail(Code::conflict, "there is a secret " + name + " already",
                       "a new value: owhalectl secrets rotate " + name +
                           "; all of it: owhalectl secrets set --replace");
    if (before == nullptr && !*value)
        co_return fail(Code::invalid_value, "there is no secret " + name + " yet: it needs a value", "give value");
    if (before == nullptr && count_of(vault_.keep().rows(), who.name) >= kMostOfOwner)
        co_return fail(Code::conflict, who.name + " has 1000 secrets, and may have no more", "remove some");
    auto meta = with_request(before, who.name, who.account, name, request, vault_.shared());
    if (!meta) co_return std::unexpected(meta.error());
    SecretBytes stored;
    if (*value) {
        stored = std::move(**value);
        CO_CHECK(take_new_value(*meta, stored));
    } else {
        auto old = vault_.keep().value(place_of(*meta));
        if (!old) co_return std::unexpected(old.error());
        stored = std::move(*old);
        CO_CHECK(check_value(*meta, stored));
    }
    constexpr audit::EventName event("secret.set");
    auto changed = std::move(*meta);
    co_return co_await store(event, asker, std::move(changed), std::move(stored));
}

awaitable<Result<api::Secret>> Acts::rotate(Asker asker, std::string name, api::SecretValue request) {
    auto value = take_value(request.value, request.value_base64);
    if (!value) co_return std::unexpected(value.error());
    if (!*value) co_return fail(Code::invalid_value, "the new value is missing", "give value, or value_base64");
    const auto turn = co_await turn_of(asker);
    if (!turn) co_return std::unexpected(turn.error());
    CO_CHECK(vault_.keep().check());
    const auto held = own(asker.who.who, name);
    if (!held) co_return std::unexpected(held.error());
    auto meta = (*held)->meta;
    auto fresh = std::move(**value);
    CO_CHECK(take_new_value(meta, fresh));
    constexpr audit::EventName event("secret.rotate");
    co_return co_await store(event, asker, std::move(meta), std::move(fresh));
}

awaitable<Status> Acts::remove(Asker asker, bool any, std::string owner, std::string name) {
    const auto turn = co_await turn_of(asker);
    if (!turn) co_return std::unexpected(turn.error());
    CO_CHECK(vault_.keep().check());
    CO_CHECK(check_person(asker.who.who));
    const auto at = place(asker.who.who, any, owner, name);
    if (!at) co_return std::unexpected(at.error());
    auto data = told(vault_.keep().find(*at)->meta);
    const std::function<Status()> act = [&] { return vault_.keep().remove(*at); };
    constexpr audit::EventName event("secret.remove");
    co_return co_await change(event, asker, std::move(data), act);
}

awaitable<Result<api::SecretValue>> Acts::reveal(Asker asker, std::string name) {
    const auto turn = co_await turn_of(asker);
    if (!turn) co_return std::unexpected(turn.error());
    CO_CHECK(vault_.keep().check());
    const auto held = own(asker.who.who, name);
    if (!held) co_return std::unexpected(held.error());
    auto data = told((*held)->meta);
    data["generation"] = vault_.keep().generation();
    constexpr audit::EventName event("secret.reveal");
    std::string ok("ok");
    CO_CHECK(co_await note(event, asker, std::move(ok), std::move(data)));
    const auto value = vault_.keep().value({asker.who.who.name, name});
    if (!value) co_return std::unexpected(value.error());
    api::SecretValue out;
    if (codec::is_utf8(value->text()))
        out.value = std::string(value->text());
    else
        out.value_base64 = base64_of(*value);
    co_return out;
}

awaitable<Result<api::Rekeyed>> Acts::rekey(Asker asker, api::SecretValue request, bool accept) {
    const bool passphrase = request.value.has_value();
    auto given = take_value(request.value, request.value_base64);
    if (!given) co_return std::unexpected(given.error());
    auto& keep = vault_.keep();
    const auto turn = co_await turn_of(asker);
    if (!turn) co_return std::unexpected(turn.error());
    if (!accept) CO_CHECK(keep.check());
    if (*given && passphrase != keep.by_passphrase())
        co_return fail(Code::invalid_value,
                       keep.by_passphrase() ? "the vault's key is made of a passphrase"
                                            : "the vault's key is a file or a credential",
                       keep.by_passphrase() ? "give the new one as value" : "give 32 bytes as value_base64");
    if (*given && !passphrase && (*given)->size() != kKeyBytes)
        co_return fail(Code::invalid_value, "a master key has 32 bytes");
    SecretBytes master, words;
    if (*given) (passphrase ? words : master) = std::move(**given);
    std::vector<std::string> gone;
    const std::function<Status()> act = [&]() -> Status {
        if (!accept) return keep.rekey(std::move(master), std::move(words));
        gone = TRY(keep.accept(vault_.log_generation()));
        return {};
    };
    boost::json::object data{{"key", keep.key_id()}, {"accept", accept}};
    constexpr audit::EventName event("secret.rekey");
    CO_CHECK(co_await change(event, asker, std::move(data), act));
    for (const auto& one : gone) log::warning("a secret was damaged, and is gone", {{"secret", one}});
    co_return api::Rekeyed{keep.rows().size(), keep.key_id()};
}

} // namespace owhale::vault
