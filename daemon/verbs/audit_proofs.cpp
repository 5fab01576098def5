// What lets others verify the audit log: its newest signed checkpoint, and the proofs of RFC 6962.
#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "audit/rows.hpp"
#include "base/clock.hpp"
#include "shared/api_audit.hpp"
#include "verbs/groups.hpp"
#include "verbs/reply.hpp"

namespace owhale::verbs {
namespace {

using boost::asio::awaitable;
using identity::Permission;
using transport::Request;
using transport::Response;

constexpr std::uint64_t kMaxSequence = std::uint64_t{1} << 53;

std::vector<std::string> as_text(const audit::merkle::Proof& proof) {
    std::vector<std::string> out;
    for (const auto& hash : proof) out.push_back(audit::merkle::to_base64(hash));
    return out;
}

Result<std::uint64_t> needed(const Request& request, const std::string& name) {
    if (!request.query.contains(name)) return fail(Code::bad_request, name + " is missing", "name an event's number");
    return number_of(request, name, 0, kMaxSequence);
}

// Whether who asks may see this event: of others' not even the place in the tree is told.
awaitable<Result<bool>> is_theirs(audit::Log& log, const Request& request, std::uint64_t seq) {
    if (seq == 0) co_return false;
    if (any(request, Permission::audit_read)) co_return true;
    auto query = audit::event_at(seq);
    query.principal = request.who().person();
    const auto rows = co_await log.find(std::move(query));
    if (!rows) co_return std::unexpected(rows.error());
    co_return !rows->empty();
}

// From which event on one is made if none covers it: each that is made is signed, synced and kept, so who reads none but
// their own events has none made over others'.
awaitable<Result<std::uint64_t>> to_cover(audit::Log& log, const Request& request) {
    const auto covers = number_of(request, "covers", kMaxSequence, kMaxSequence); // of none so far: all there are
    if (!covers || any(request, Permission::audit_read)) co_return covers;
    if (!request.query.contains("covers")) co_return 1;
    const auto theirs = co_await is_theirs(log, request, *covers);
    if (!theirs) co_return std::unexpected(theirs.error());
    co_return *theirs ? *covers : 1;
}

// Moments at which one may be made for those who read none but their own events: all who wait have the same one.
class Moments {
public:
    awaitable<void> wait() {
        if (const auto now = std::chrono::steady_clock::now(); now < next_) {
            boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, next_);
            boost::system::error_code ignored;
            co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
        }
        next_ = std::max(next_, std::chrono::steady_clock::now() + kApart);
    }

private:
    static constexpr std::chrono::seconds kApart{3};
    std::chrono::steady_clock::time_point next_{};
};

awaitable<Result<Response>> checkpoint(Services services, std::shared_ptr<Moments> moments, Request& request) {
    CO_CHECK(only(request, {"covers"}));
    const auto covers = co_await to_cover(services.audit, request);
    if (!covers) co_return std::unexpected(covers.error());
    const bool all = any(request, Permission::audit_read);
    auto made = co_await services.audit.checkpoint_over(all ? *covers : 1);
    if (!all && made && made->size < *covers) {
        co_await moments->wait();
        made = co_await services.audit.checkpoint_over(*covers);
    }
    if (!made) co_return std::unexpected(made.error());
    const auto& key = services.audit.key();
    const api::AuditCheckpoint answer{
        made->note,         key.name, audit::merkle::to_vkey(key), made->size, audit::merkle::to_base64(made->root),
        rfc3339(made->time)};
    co_return reply(answer);
}

awaitable<Result<Response>> proof(Services services, Request& request) {
    CO_CHECK(only(request, {"seq", "size"}));
    const auto seq = needed(request, "seq"), size = needed(request, "size");
    if (!seq) co_return std::unexpected(seq.error());
    if (!size) co_return std::unexpected(size.error());
    const auto theirs = co_await is_theirs(services.audit, request, *seq);
    if (!theirs) co_return std::unexpected(theirs.error());
    if (!*theirs) co_return fail(Code::not_found, "there is no such event", "`owhalectl audit ls` lists yours");
    const auto hashes = co_await services.audit.inclusion(*seq, *size);
    if (!hashes) co_return std::unexpected(hashes.error());
    const api::AuditInclusion answer{*seq - 1, *size, as_text(*hashes)};
    co_return reply(answer);
}

awaitable<Result<Response>> consistency(Services services, Request& request) {
    CO_CHECK(only(request, {"from", "to"}));
    const auto from = needed(request, "from"), to = needed(request, "to");
    if (!from) co_return std::unexpected(from.error());
    if (!to) co_return std::unexpected(to.error());
    const auto hashes = co_await services.audit.consistency(*from, *to);
    if (!hashes) co_return std::unexpected(hashes.error());
    const api::AuditConsistency answer{*from, *to, as_text(*hashes)};
    co_return reply(answer);
}

} // namespace

std::vector<transport::Route> audit_proof_routes(const Services& services) {
    const auto later = answered_later(services);
    const auto moments = std::make_shared<Moments>();
    const auto made = [services, moments](Request& request) { return checkpoint(services, moments, request); };
    return {{"audit.checkpoint", made, {}},
            {"audit.proof", later(proof), {}},
            {"audit.consistency", later(consistency), {}}};
}

} // namespace owhale::verbs
