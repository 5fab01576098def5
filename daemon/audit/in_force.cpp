#include "audit/in_force.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <optional>
#include <set>

#include "base/files.hpp"
#include "base/utf8.hpp"
#include "shared/codec.hpp"

namespace owhale::audit {
namespace {

using boost::asio::awaitable;

constexpr std::size_t kLargestFile = 4u << 20, kMostOfValue = 1024; // bytes

// What was kept; nothing when there is none that can be read, which is told as the first time.
std::optional<boost::json::object> kept_in(const std::string& file) {
    const auto text = read_file(file, kLargestFile);
    if (!text) return std::nullopt;
    boost::system::error_code bad;
    auto value = boost::json::parse(*text, bad);
    if (bad || !value.is_object()) return std::nullopt;
    return std::move(value.as_object());
}

// The log takes UTF-8 alone; a path may be anything.
std::string as_text(const std::string& value) {
    return codec::is_utf8(value) ? value : "(not UTF-8)";
}

boost::json::object to_keep(const AllInForce& now) {
    boost::json::object out;
    for (const auto& [name, one] : now) out[name] = as_text(one.value);
    return out;
}

std::set<std::string> names_not_by_default(const AllInForce& now) {
    std::set<std::string> out;
    for (const auto& [name, one] : now)
        if (!one.source.empty() && one.source != "default") out.insert(name);
    return out;
}

std::set<std::string> changed_between(const std::optional<boost::json::object>& before,
                                      const boost::json::object& after, const AllInForce& now) {
    std::set<std::string> out;
    if (!before) return names_not_by_default(now);
    for (const auto& member : after) {
        const auto* old = before->if_contains(member.key());
        if (old == nullptr || *old != member.value()) out.insert(std::string(member.key()));
    }
    for (const auto& member : *before)
        if (!after.contains(member.key())) out.insert(std::string(member.key()));
    return out;
}

boost::json::object picked(const boost::json::object& values, const std::set<std::string>& names) {
    boost::json::object out;
    for (const auto& name : names) {
        const auto* value = values.if_contains(name);
        if (value == nullptr || !value->is_string()) continue;
        const std::string_view text = value->as_string();
        out[name] = text.substr(0, size_to_cut(text, kMostOfValue));
    }
    return out;
}

Event event_of(const std::set<std::string>& changed, const std::optional<boost::json::object>& before,
               const boost::json::object& after, const AllInForce& now) {
    Event event{"config.changed", "system", "", "ok", "", {}};
    event.data["changed"] = boost::json::array(changed.begin(), changed.end());
    if (before) event.data["before"] = picked(*before, changed);
    event.data["after"] = picked(after, changed);
    boost::json::object sources;
    for (const auto& name : changed)
        if (const auto at = now.find(name); at != now.end() && !at->second.source.empty())
            sources[name] = as_text(at->second.source);
    event.data["sources"] = std::move(sources);
    return event;
}

awaitable<Result<bool>> has_started(Log& log) {
    std::string outcome("ok");
    const auto started = co_await log.newest("daemon.start", std::move(outcome));
    if (!started) co_return std::unexpected(started.error());
    co_return started->has_value();
}

} // namespace

boost::json::object not_by_default(const AllInForce& now) {
    return picked(to_keep(now), names_not_by_default(now));
}

awaitable<Status> tell_changes(Log& log, std::string file, AllInForce now) {
    const auto before = kept_in(file);
    const auto after = to_keep(now);
    const auto changed = changed_between(before, after, now);
    auto may_have_changed = Result<bool>(before.has_value());
    if (!before && !changed.empty()) may_have_changed = co_await has_started(log);
    if (!may_have_changed) co_return std::unexpected(may_have_changed.error());
    if (!changed.empty() && *may_have_changed) {
        auto event = event_of(changed, before, after, now);
        const auto written = co_await log.append(std::move(event));
        if (!written) co_return std::unexpected(written.error());
    }
    if (before && changed.empty()) co_return Status{};
    co_return write_file(file, boost::json::serialize(after), 0600);
}

} // namespace owhale::audit
