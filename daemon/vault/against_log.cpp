// The vault against the audit log: which generation of it the log has seen.
//
// An act is in the log before it is done (pending) and after (ok), so the database is at the last generation that is ok, or
// at one of those that were begun after it. One that is older was put back.
#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>

#include "base/log.hpp"
#include "vault/vault.hpp"

namespace owhale::vault {
namespace {

using boost::asio::awaitable;

constexpr std::array<audit::EventName, 5> kEvents = {"secret.set", "secret.rotate", "secret.remove", "secret.rekey",
                                                     "secret.open"};

struct Seen {
    std::uint64_t generation = 0;
    std::string head;
    bool empty = false; // opened without a secret in it
};

Seen seen_in(const audit::Row& row) {
    Seen seen;
    boost::system::error_code error;
    const auto value = boost::json::parse(row.json, error);
    const auto* event = error ? nullptr : value.if_object();
    const auto* data = event != nullptr ? event->if_contains("data") : nullptr;
    if (data == nullptr || !data->is_object()) return seen;
    if (const auto* number = data->as_object().if_contains("generation"); number != nullptr && number->is_int64())
        seen.generation = static_cast<std::uint64_t>(std::max<std::int64_t>(number->as_int64(), 0));
    if (const auto* head = data->as_object().if_contains("head"); head != nullptr && head->is_string())
        seen.head = head->as_string();
    const auto* secrets = data->as_object().if_contains("secrets");
    seen.empty = secrets != nullptr && secrets->is_int64() && secrets->as_int64() == 0;
    return seen;
}

awaitable<Result<Seen>> newest(audit::Log& log, std::string outcome) {
    Seen out;
    for (const auto name : kEvents) {
        const auto row = co_await log.newest(name, outcome);
        if (!row) co_return std::unexpected(row.error());
        if (!*row) continue;
        if (auto seen = seen_in(**row); seen.generation > out.generation) out = std::move(seen);
    }
    co_return out;
}

// Why the database is not the one that the log tells of; "" when it may be.
std::string contradiction(const Keep& keep, const Seen& done, const Seen& begun) {
    // Where none ever held a secret, none is lost with the older database: one made anew, as after the package was purged.
    if (done.empty && keep.rows().empty() && begun.generation <= done.generation) return {};
    if (keep.generation() < done.generation)
        return "the database is older than the audit log: it is at generation " + std::to_string(keep.generation()) +
               ", the log has seen " + std::to_string(done.generation);
    if (keep.generation() == done.generation && !done.head.empty() && done.head != keep.head())
        return "the database is another than the audit log has seen";
    return {};
}

} // namespace

awaitable<Status> Vault::compare_with_log() {
    if (closed() && !keep_.is_damaged()) co_return Status{};
    std::string ok("ok"), pending("pending");
    const auto done = co_await newest(parts_.audit, std::move(ok));
    if (!done) co_return std::unexpected(done.error());
    const auto begun = co_await newest(parts_.audit, std::move(pending));
    if (!begun) co_return std::unexpected(begun.error());
    log_generation_ = std::max(done->generation, begun->generation);
    if (closed()) co_return Status{};
    const auto mine = keep_.generation();
    if (auto why = contradiction(keep_, *done, *begun); !why.empty()) {
        log::warning(to_line(keep_.damaged(std::move(why)).error()));
        co_return Status{};
    }
    if (mine > std::max<std::uint64_t>(log_generation_, 1))
        log::warning("the audit log is older than the vault: events about secrets are missing from it");
    audit::Event event{"secret.open", "system", "", "ok", "", {}};
    event.data["generation"] = mine;
    event.data["head"] = keep_.head();
    event.data["secrets"] = keep_.rows().size();
    event.data["key"] = keep_.key_id();
    const auto written = co_await parts_.audit.append(std::move(event));
    if (!written) co_return std::unexpected(written.error());
    co_return Status{};
}

} // namespace owhale::vault
