#include "last_life.hpp"

#include "audit/rows.hpp"

namespace owhale {
namespace {

using boost::asio::awaitable;

awaitable<Result<std::optional<audit::Row>>> at(audit::Log& log, std::uint64_t seq) {
    auto query = audit::event_at(seq);
    auto rows = co_await log.find(std::move(query));
    if (!rows) co_return std::unexpected(rows.error());
    if (rows->empty()) co_return std::nullopt;
    co_return std::move(rows->front());
}

} // namespace

awaitable<Result<std::optional<audit::Event>>> last_crash(audit::Log& log) {
    constexpr audit::EventName start("daemon.start"), stop("daemon.stop");
    const std::string ok = "ok";
    const auto started = co_await log.newest(start, ok);
    if (!started) co_return std::unexpected(started.error());
    const auto stopped = co_await log.newest(stop, ok);
    if (!stopped) co_return std::unexpected(stopped.error());
    if (!*started || (*stopped && (*stopped)->seq > (*started)->seq)) co_return std::nullopt;
    const auto size = log.size();
    if (!size) co_return std::unexpected(size.error());
    const auto last = co_await at(log, *size);
    if (!last) co_return std::unexpected(last.error());
    const auto runs = log.interrupted();
    if (!runs) co_return std::unexpected(runs.error());
    audit::Event event{"daemon.crashed", "system", "", "failed", "", {}};
    event.data["started"] = time_of(**started);
    event.data["last_seq"] = *size;
    event.data["last_heard"] = *last ? time_of(**last) : std::string();
    event.data["runs"] = runs->size();
    co_return event;
}

} // namespace owhale
