#include "sandbox/host_register.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/uuid.hpp"
#include "sandbox/host_rule.hpp"
#include "shared/codec.hpp"

namespace owhale::sandbox {
namespace {

using boost::asio::awaitable;

constexpr std::size_t kMaxEntries = 10'000;
constexpr std::int64_t kUsedEvery = 60'000'000; // microseconds between two notes on disk that an entry was used
constexpr std::uint64_t kLongest = 366ull * 24 * 3600 * 1000; // milliseconds

std::int64_t expiry_of(std::uint64_t for_ms) {
    return wall_clock_us() + static_cast<std::int64_t>(for_ms) * 1000;
}

audit::Event event_of(audit::EventName name, const api::HostEntry& entry, const std::string& by, const char* verb) {
    audit::Event event{name, by, verb, "ok", "", {}};
    event.data["entry"] = entry.id;
    event.data["rule"] = codec::encode(entry.rule);
    event.data["from"] = entry.from;
    if (entry.principal) event.data["for"] = *entry.principal;
    if (entry.profile) event.data["profile"] = *entry.profile;
    if (entry.expires) event.data["expires"] = *entry.expires;
    return event;
}

} // namespace

HostRegister::HostRegister(Parts parts, HostLists shipped)
    : parts_(std::move(parts)), shipped_(std::move(shipped)), lists_(shipped_), statements_(parts_.database) {}

Status HostRegister::load() {
    auto row = TRY(statements_.use("SELECT record, expires FROM hosts WHERE ended IS NULL ORDER BY id"))->with();
    while (TRY(row.next())) {
        auto entry = codec::decode<api::HostEntry>(row.text(0));
        if (!entry) return fail(Code::state_unavailable, "an entry of a host is damaged: " + entry.error().message);
        Standing standing{std::move(*entry), {}, 0};
        if (!row.null(1)) standing.expires = row.integer(1);
        entries_[standing.entry.id] = std::move(standing);
    }
    return reload();
}

Status HostRegister::reload() {
    auto lists = shipped_;
    add_lists(lists, TRY(read_host_folder(parts_.folder)));
    lists_ = std::move(lists);
    return {};
}

Result<std::vector<api::HostRule>> HostRegister::list(std::string_view name) const {
    const auto found = lists_.find(name);
    if (found == lists_.end())
        return fail(Code::invalid_value, "there is no list of hosts @" + std::string(name),
                    "`owhalectl hosts ls` shows them");
    if (!found->second.hosts.empty()) return found->second.hosts;
    std::string looked;
    for (const auto& one : found->second.looked) (looked += looked.empty() ? "" : ", ") += one;
    return fail(Code::invalid_value,
                "the list @" + std::string(name) + " has no hosts: this machine names none" +
                    (looked.empty() ? "" : " in " + looked),
                "configure them there, or write `hosts = [\"…\"]` into " + parts_.folder + "/" + std::string(name) +
                    ".toml; then restart owhaled");
}

bool HostRegister::Standing::holds() const {
    return !expires || *expires > wall_clock_us();
}

std::vector<api::HostRule> HostRegister::standing(const std::string& principal, const std::string& profile) const {
    std::vector<api::HostRule> out;
    for (const auto& [id, kept] : entries_) {
        const auto& entry = kept.entry;
        if (entry.principal.value_or(principal) != principal || entry.profile.value_or(profile) != profile) continue;
        if (!kept.holds()) continue;
        if (!is_list(entry.rule)) {
            out.push_back(entry.rule);
            out.back().from = "hosts";
            continue;
        }
        // A list that has become empty since lets nothing through.
        if (auto hosts = list(std::string_view(entry.rule.host).substr(1)))
            out.insert(out.end(), hosts->begin(), hosts->end());
    }
    return out;
}

// By the line that egress says let it through.
bool HostRegister::let_through(const api::HostEntry& entry, const api::NetTry& reached) const {
    if (is_list(entry.rule)) return reached.rule.starts_with("list " + entry.rule.host.substr(1) + " ");
    if (!reached.rule.starts_with("hosts ")) return false;
    const auto& host = reached.host.empty() ? reached.address.value_or("") : reached.host;
    return covers(entry.rule, {host, std::vector<std::uint16_t>{reached.port}, {}, {}, {}});
}

Status HostRegister::store_used(Standing& standing, std::int64_t now) {
    if (now - standing.stored < kUsedEvery) return {};
    standing.stored = now;
    const auto& entry = standing.entry;
    return TRY(statements_.use("UPDATE hosts SET record = ?2 WHERE id = ?1"))
        ->with(entry.id, codec::to_text(entry))
        .run();
}

void HostRegister::note_used(const std::string& principal, const std::string& profile, const api::NetReport& report) {
    const auto now = wall_clock_us();
    for (auto& [id, kept] : entries_) {
        auto& entry = kept.entry;
        if (entry.principal.value_or(principal) != principal || entry.profile.value_or(profile) != profile) continue;
        const auto used = [&](const api::NetTry& row) { return row.verdict == "allow" && let_through(entry, row); };
        if (std::ranges::none_of(report.hosts, used)) continue;
        entry.last_used = rfc3339(now);
        if (const auto stored = store_used(kept, now); !stored)
            log::error("that the host " + entry.rule.host + " was used is not on disk: " + to_line(stored.error()));
    }
}

std::vector<api::HostEntry> HostRegister::entries() const {
    std::vector<api::HostEntry> out;
    for (const auto& [id, kept] : entries_)
        if (kept.holds()) out.push_back(kept.entry);
    return out;
}

std::optional<api::HostEntry> HostRegister::entry(const std::string& id) const {
    const auto found = entries_.find(id);
    return found == entries_.end() ? std::nullopt : std::optional(found->second.entry);
}

Status HostRegister::store(const Standing& standing) {
    const auto& entry = standing.entry;
    return TRY(statements_.use(
                   "INSERT INTO hosts (id, principal, profile, expires, record) VALUES (?1, ?2, ?3, ?4, ?5)"))
        ->with(entry.id, entry.principal, entry.profile, standing.expires, codec::to_text(entry))
        .run();
}

awaitable<Result<api::HostEntry>> HostRegister::allow(Wanted wanted) {
    auto rule = checked(std::move(wanted.rule));
    if (!rule) co_return std::unexpected(rule.error());
    CO_CHECK(refuse_loopback(*rule));
    if (is_list(*rule))
        if (const auto there = list(std::string_view(rule->host).substr(1)); !there)
            co_return std::unexpected(there.error());
    if (wanted.for_ms && (*wanted.for_ms == 0 || *wanted.for_ms > kLongest))
        co_return fail(Code::invalid_value, "for_ms must be above 0 and at most 366 days");
    if (entries_.size() >= kMaxEntries)
        co_return fail(Code::invalid_value, "there are 10,000 entries already", "`owhalectl hosts rm` removes some");
    api::HostEntry entry{to_string(make_uuid()),
                         std::move(*rule),
                         wanted.profile,
                         wanted.principal,
                         wanted.from,
                         wanted.by,
                         rfc3339(wall_clock_us()),
                         {},
                         {}};
    entry.rule.from.reset();
    Standing standing{{}, {}, 0};
    if (wanted.for_ms) standing.expires = expiry_of(*wanted.for_ms);
    if (standing.expires) entry.expires = rfc3339(*standing.expires);
    auto event = event_of("host.allowed", entry, wanted.by, "hosts.allow");
    const auto written = co_await parts_.audit.append(std::move(event));
    if (!written) co_return std::unexpected(written.error());
    standing.entry = entry;
    CO_CHECK(store(standing));
    entries_[entry.id] = std::move(standing);
    co_return entry;
}

awaitable<Status> HostRegister::remove(std::string id, std::string by) {
    const auto known = entry(id);
    if (!known) co_return fail(Code::not_found, "there is no such entry", "`owhalectl hosts ls` lists them");
    auto event = event_of("host.removed", *known, by, "hosts.remove");
    const auto written = co_await parts_.audit.append(std::move(event));
    if (!written) co_return std::unexpected(written.error());
    auto statement = statements_.use("UPDATE hosts SET ended = ?2 WHERE id = ?1");
    if (!statement) co_return std::unexpected(statement.error());
    CO_CHECK((*statement)->with(id, wall_clock_us()).run());
    entries_.erase(id);
    co_return Status{};
}

} // namespace owhale::sandbox
