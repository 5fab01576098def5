#include "identity/journal.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"
#include "identity/names.hpp"

namespace owhale::identity {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::size_t kMostFloods = 1024; // beyond, all further peers share one
constexpr std::chrono::seconds kQuiet{1};

} // namespace

awaitable<Status> Journal::note(audit::EventName event, const Asker& asker, boost::json::object data) {
    if (asker.who.name != "system") data["peer"] = asker.peer.describe();
    if (!asker.proof.empty()) data["step_up"] = asker.proof;
    if (!asker.who.session.empty()) data["session"] = asker.who.session;
    audit::Event entry{event, asker.who.name, asker.verb, "ok", "", std::move(data)};
    const auto written = co_await log_.append(std::move(entry));
    if (!written) co_return std::unexpected(written.error());
    co_return Status{};
}

awaitable<Status> Journal::note_own(audit::EventName event, boost::json::object data) {
    audit::Event entry{event, "system", "", "ok", "", std::move(data)};
    const auto written = co_await log_.append(std::move(entry));
    if (!written) co_return std::unexpected(written.error());
    co_return Status{};
}

void Journal::failed(audit::EventName event, std::string verb, const Peer& peer, const std::string& account,
                     std::string reason) {
    audit::Event entry{event, peer.principal(), std::move(verb), "failed", "", {}};
    entry.data["peer"] = peer.describe();
    entry.data["account"] = check_name(account) ? account : "(not a name)";
    entry.data["reason"] = std::move(reason);
    write_seldom(peer.origin(), std::move(entry));
}

void Journal::denied(const Peer& peer, const Principal& who, std::string verb) {
    auto key = peer.origin() + " " + verb;
    audit::Event entry{"verb.denied", who.name, verb, "denied", "", {}};
    entry.data["peer"] = peer.describe();
    if (!who.session.empty()) entry.data["session"] = who.session;
    write_seldom(std::move(key), std::move(entry));
}

void Journal::write_seldom(std::string key, audit::Event entry) {
    if (floods_->size() >= kMostFloods && !floods_->contains(key)) key = "*";
    if (const auto at = floods_->find(key); at != floods_->end()) {
        ++at->second.held_back;
        at->second.last = std::move(entry);
        return;
    }
    floods_->emplace(key, Flood{});
    write(std::move(entry));
    asio::co_spawn(io_, watch(floods_, std::move(key)), asio::detached);
}

// Once a second, for as long as the peer goes on: the last failure, and how many there were.
awaitable<void> Journal::watch(std::weak_ptr<Floods> floods, std::string origin) {
    asio::steady_timer timer(io_);
    for (;;) {
        timer.expires_after(kQuiet);
        boost::system::error_code ended;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        const auto alive = floods.lock(); // the journal may have gone meanwhile
        if (!alive || ended) co_return;
        auto& flood = (*alive)[origin];
        if (flood.held_back == 0) {
            alive->erase(origin);
            co_return;
        }
        auto entry = std::move(flood.last);
        entry.data["count"] = std::exchange(flood.held_back, 0);
        write(std::move(entry));
    }
}

void Journal::write(audit::Event event) {
    asio::co_spawn(
        io_,
        [this, event = std::move(event)]() mutable -> awaitable<void> {
            const auto written = co_await log_.append(std::move(event));
            if (!written) log::error(to_line(written.error()));
        },
        asio::detached);
}

} // namespace owhale::identity
