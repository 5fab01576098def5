#include "last_life.hpp"

#include <boost/json/parse.hpp>

namespace owhale {
namespace {

using boost::asio::awaitable;

awaitable<Result<std::optional<audit::Row>>> newest(audit::Log& log, std::string event) {
    audit::Query query;
    query.event = std::move(event);
    query.limit = 1;
    auto rows = co_await log.find(std::move(query));
    if (!rows) co_return std::unexpected(rows.error());
    if (rows->empty()) co_return std::nullopt;
    co_return std::move(rows->front());
}

std::string time_of(const audit::Row& row) {
    boost::system::error_code error;
    const auto event = boost::json::parse(row.json, error);
    const auto* object = error ? nullptr : event.if_object();
    const auto* time = object == nullptr ? nullptr : object->if_contains("time");
    return time != nullptr && time->is_string() ? std::string(time->get_string()) : std::string();
}

} // namespace

awaitable<Result<std::optional<audit::Event>>> last_crash(audit::Log& log) {
    const auto started = co_await newest(log, "daemon.start");
    if (!started) co_return std::unexpected(started.error());
    const auto stopped = co_await newest(log, "daemon.stop");
    if (!stopped) co_return std::unexpected(stopped.error());
    if (!*started || (*stopped && (*stopped)->seq > (*started)->seq)) co_return std::nullopt;
    const auto last = co_await newest(log, "");
    if (!last) co_return std::unexpected(last.error());
    const auto runs = log.interrupted();
    if (!runs) co_return std::unexpected(runs.error());
    audit::Event event{"daemon.crashed", "system", "", "failed", "", {}};
    event.data["started"] = time_of(**started);
    event.data["last_seq"] = (*last)->seq;
    event.data["last_heard"] = time_of(**last);
    event.data["runs"] = runs->size();
    co_return event;
}

} // namespace owhale
