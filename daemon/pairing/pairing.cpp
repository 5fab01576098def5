// The maker's side, and what both sides share; device_side.cpp is the device's.
#include "pairing/pairing.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "identity/names.hpp"
#include "identity/powers.hpp"
#include "shared/pairing/code.hpp"
#include "shared/pairing/terms.hpp"
#include "shared/pairing/words.hpp"

namespace owhale::pairing {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using identity::Permission;

boost::json::array names_of(std::uint32_t powers) {
    boost::json::array out;
    for (const auto& name : identity::power_names(powers)) out.emplace_back(name);
    return out;
}

Status check(const api::PairRequest& request) {
    if (!identity::is_plain_text(request.name, kLongestName))
        return fail(Code::invalid_value, "name: 1 to 64 bytes of text without unseen characters");
    const auto life = request.for_ms.value_or(kDefaultLife);
    if (life >= kShortestLife && life <= kLongestLife) return {};
    return fail(Code::invalid_value, "for_ms: " + std::string(kLives), "as in --for 90d");
}

api::Pairing shown(const Entry& entry) {
    api::Pairing out;
    out.id = entry.id;
    out.principal = entry.maker;
    out.name = entry.name;
    out.can = identity::power_names(entry.powers);
    out.state = name_of(entry.state);
    out.created = rfc3339(entry.created_us);
    out.expires = rfc3339(entry.expires_us);
    out.for_ms = entry.for_ms;
    out.tries = entry.tries;
    out.wrong = entry.wrong;
    if (!entry.joiner) return out;
    out.device = entry.device;
    out.device_name = entry.joiner->name;
    out.words = words_of(entry.joiner->key);
    out.at = entry.joiner->at;
    out.via = entry.joiner->via;
    if (entry.joiner->uid != static_cast<uid_t>(-1)) out.uid = entry.joiner->uid;
    if (entry.state == State::joined) out.gone = entry.is_gone();
    if (entry.replaces.empty()) return out;
    out.replaces = entry.replaces;
    out.replaces_name = entry.replaces_name;
    return out;
}

} // namespace

Pairing::Pairing(Parts parts)
    : parts_(std::move(parts)),
      codes_(std::make_shared<Codes>(
          parts_.clock ? parts_.clock : Codes::Clock(monotonic_ns),
          Codes::Told{[this](const Entry& entry, const std::string& join, const Attempt& attempt, const char* why) {
                          failed_try(entry, attempt.by, attempt.who.at, why);
                          remember_told(join);
                      },
                      [this](const Entry& entry) { tell_end(entry, "failed", kSpent); }})),
      sums_(parts_.executor, parts_.audit) {}

awaitable<Status> Pairing::note(audit::EventName event, const identity::Asker& asker, std::string outcome,
                                boost::json::object data) {
    data["peer"] = asker.peer.describe();
    if (!asker.proof.empty()) data["step_up"] = asker.proof;
    if (!asker.who.session.empty()) data["session"] = asker.who.session;
    audit::Event entry{event, asker.who.name, asker.verb, std::move(outcome), "", std::move(data)};
    const auto written = co_await parts_.audit.append(std::move(entry));
    if (!written) co_return std::unexpected(written.error());
    co_return Status{};
}

bool Pairing::maker_stands(const Entry& entry) const {
    const auto maker = parts_.identity.person(entry.maker);
    return maker && !maker->must_change && maker->may(Permission::devices, true);
}

awaitable<Result<api::PairMade>> Pairing::create(identity::Asker asker, api::PairRequest request) {
    CO_CHECK(check(request));
    if (asker.who.kind != identity::Kind::user)
        co_return fail(
            Code::unauthenticated, asker.who.name + " has no account, whose device it would be",
            "log in: owhalectl login; the first account is owhalectl setup's, others an admin's: owhalectl users add");
    const auto powers = identity::powers_of(request.can);
    if (!powers) co_return std::unexpected(powers.error());
    CO_CHECK(identity::check_gives(asker.who, *powers));
    const auto made = codes_->make(asker.who.name);
    if (!made) co_return std::unexpected(made.error());
    const auto entry = *made;
    entry->name = std::move(request.name);
    entry->powers = *powers;
    entry->for_ms = request.for_ms.value_or(kDefaultLife);
    boost::json::object data{{"pairing", entry->id},
                             {"account", asker.who.user},
                             {"name", entry->name},
                             {"can", names_of(entry->powers)},
                             {"expires", rfc3339(entry->expires_us)}};
    constexpr audit::EventName event("pair.create");
    const auto noted = co_await note(event, asker, "ok", std::move(data));
    if (!noted) codes_->end(*entry, State::cancelled);
    if (!noted) co_return std::unexpected(noted.error());
    if (entry->state != State::open) // it is listed while the log is written: a cancelled one has no code
        co_return fail(Code::conflict, "the code has ended meanwhile: it is " + std::string(name_of(entry->state)),
                       "make another: owhalectl pair new");
    co_return api::PairMade{entry->id, shown_code(entry->code), rfc3339(entry->expires_us)};
}

api::PairingList Pairing::list(const identity::Principal& who, bool all) {
    const bool everybodys = all && who.may(Permission::devices, false);
    api::PairingList out;
    for (const auto& entry : codes_->all())
        if (everybodys || entry->maker == who.name) out.pairings.push_back(shown(*entry));
    return out;
}

Result<std::shared_ptr<Entry>> Pairing::owned(const identity::Principal& who, const std::string& id) {
    auto entry = codes_->find(id);
    if (entry == nullptr || (entry->maker != who.name && !who.may(Permission::devices, false)))
        return fail(Code::not_found, "there is no such pairing", "`owhalectl pair ls` lists yours");
    return entry;
}

awaitable<Status> Pairing::cancel(identity::Asker asker, std::string id) {
    const auto found = owned(asker.who, id);
    if (!found) co_return std::unexpected(found.error());
    const auto entry = *found;
    if (entry->confirming)
        co_return fail(Code::conflict, "it is being confirmed at this moment", "owhalectl devices rm ends the device");
    if (entry->has_ended()) co_return Status{}; // that is what was asked for
    const bool joined = entry->state == State::joined;
    codes_->end(*entry, State::cancelled); // whatever the log says: this takes rights away
    const auto* why = joined ? "the device that had joined was turned away" : "the code was taken back";
    boost::json::object data{{"pairing", entry->id}, {"maker", entry->maker}, {"name", entry->name}, {"why", why}};
    constexpr audit::EventName event("pair.end");
    co_await asio::post(parts_.executor, asio::use_awaitable); // its tries' rows go first
    co_return co_await note(event, asker, "cancelled", std::move(data));
}

Status Pairing::check_confirm(const Entry& entry, const identity::Asker& asker, const std::string& words) const {
    if (entry.maker != asker.who.name)
        return fail(Code::forbidden, "whoever made the code confirms who joined by it", "that is " + entry.maker);
    if (entry.state == State::expired)
        return fail(Code::conflict, "the code has expired: nothing waits for this", "owhalectl pair new");
    if (entry.state != State::joined || entry.confirming)
        return fail(Code::conflict, "it is " + std::string(name_of(entry.state)) + ": nothing waits for this",
                    entry.state == State::open ? "type the code into the device first" : "owhalectl pair new");
    if (entry.is_gone())
        return fail(Code::conflict, "the device that joined is not there any more: what waited there has ended",
                    gone_next(entry.id));
    if (read_words(words) != words_of(entry.joiner->key))
        return fail(Code::conflict, "the device that joined has other words: " + words_of(entry.joiner->key),
                    "compare them with what the device shows; when they differ: owhalectl pair cancel " + entry.id);
    return {};
}

// One that has been removed meanwhile is what was asked for.
awaitable<Status> Pairing::replace(identity::Asker asker, const Entry& entry) {
    if (entry.replaces.empty()) co_return Status{};
    auto id = entry.replaces;
    const auto removed = co_await parts_.identity.devices.remove(std::move(asker), std::move(id));
    if (removed || removed.error().code == Code::not_found) co_return Status{};
    auto error = removed.error();
    error.message = "the device is paired; of the one that it replaces, " + entry.replaces_name + ": " + error.message;
    error.next = "owhalectl devices rm " + entry.replaces;
    co_return std::unexpected(std::move(error));
}

awaitable<Result<api::Device>> Pairing::confirm(identity::Asker asker, std::string id, api::ConfirmRequest request) {
    const auto found = owned(asker.who, id);
    if (!found) co_return std::unexpected(found.error());
    const auto entry = *found;
    CO_CHECK(check_confirm(*entry, asker, request.words));
    const auto powers = request.can ? identity::powers_of(*request.can) : Result<std::uint32_t>(entry->powers);
    if (!powers) co_return std::unexpected(powers.error());
    if ((*powers & ~entry->powers) != 0)
        co_return fail(Code::forbidden, "powers can be cut here, and never widened",
                       "cancel it, and make a code with those that it is to have");
    identity::Device device;
    device.id = entry->device;
    device.name = entry->name;
    device.key = entry->joiner->key;
    device.powers = *powers;
    device.created = wall_clock_us();
    device.expires = device.created + static_cast<std::int64_t>(entry->for_ms) * 1000;
    device.last_peer = entry->joiner->at;
    device.joined_uid = entry->joiner->uid;
    const auto device_expires = device.expires;
    auto maker = asker;
    entry->confirming = true;
    auto added = co_await parts_.identity.devices.add(std::move(asker), std::move(device), std::move(id));
    Status replaced;
    if (added) replaced = co_await replace(std::move(maker), *entry);
    entry->confirming = false;
    if (!added) co_return added;
    entry->powers = *powers;
    entry->expires_us = device_expires;
    if (!replaced) entry->replaces.clear();
    codes_->end(*entry, State::paired);
    if (!replaced) co_return std::unexpected(replaced.error());
    co_return added;
}

} // namespace owhale::pairing
