#include "identity/journal.hpp"

#include "identity/names.hpp"

namespace owhale::identity {

using boost::asio::awaitable;

awaitable<Status> Journal::note(audit::EventName event, const Asker& asker, boost::json::object data) {
    if (asker.who.name != "system") data["peer"] = asker.peer.describe();
    if (!asker.proof.empty()) data["step_up"] = asker.proof;
    if (!asker.who.session.empty()) data["session"] = asker.who.session;
    audit::Event entry{event, asker.who.name, asker.verb, "ok", "", std::move(data), asker.who.for_agent};
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
    sums_.put(peer.origin(), std::move(entry));
}

void Journal::told_singly(audit::EventName event, const char* outcome, const Peer& peer, const Principal& who,
                          std::string verb) {
    audit::Event entry{event, who.name, std::move(verb), outcome, "", {}};
    entry.data["peer"] = peer.describe();
    if (!who.session.empty()) entry.data["session"] = who.session;
    sums_.put(peer.origin(), std::move(entry), audit::Sums::Told::singly);
}

void Journal::denied(const Peer& peer, const Principal& who, std::string verb) {
    told_singly("verb.denied", "denied", peer, who, std::move(verb));
}

void Journal::asked_for_password(const Peer& peer, const Principal& who, std::string verb) {
    told_singly("step_up.asked", "pending", peer, who, std::move(verb));
}

void Journal::refused(audit::EventName event, const Peer& peer, std::string reason) {
    audit::Event entry{event, peer.principal(), "", "denied", "", {}};
    entry.data["peer"] = peer.describe();
    entry.data["reason"] = std::move(reason);
    sums_.put(peer.origin(), std::move(entry));
}

void Journal::refused_proof(const Peer& peer, const Shown& shown, const std::string& device_name, std::string reason) {
    constexpr std::size_t kShort = 8; // an id's last characters, which every command takes
    audit::Event entry{"token.refused", peer.principal(), "", "denied", "", {}};
    entry.data["peer"] = peer.describe();
    std::string proof(shown.kind);
    if (!shown.device.empty()) {
        proof += " in the name of the device ";
        proof += device_name.empty() ? shown.device.substr(shown.device.size() - kShort) : device_name;
        entry.data["device"] = shown.device;
    }
    if (!device_name.empty()) entry.data["name"] = device_name;
    entry.data["proof"] = std::move(proof);
    entry.data["reason"] = std::move(reason);
    sums_.put(peer.origin(), std::move(entry));
}

} // namespace owhale::identity
