#include "cli/waiting_note.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstdio>
#include <ctime>
#include <unistd.h>
#include <utility>

#include "cli/approval_view.hpp"
#include "cli/escape.hpp"
#include "cli/messages.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

// Who reads this on no terminal is mostly an agent, and may not decide.
constexpr auto kWayOn = "; people decide: owhalectl approvals watch";

// The same for 80 columns.
std::string told_shortly(const api::Approval& approval, std::int64_t now) {
    const auto since = "waiting " + format_age(approval.created, now);
    const auto name = " (" + short_id(approval.id) + ")";
    if (approval.throttled) return since + name + ", throttled: nobody is told";
    const std::string roles = approval.severity == "critical" ? "admin" : "approver/admin";
    const auto who = approval.quorum > 1 ? std::to_string(approval.quorum) + " of " + roles : roles;
    return since + " for " + who + name + ", ends " + relative(approval.expires, now);
}

} // namespace

std::string told(const api::Approval& approval, std::int64_t now) {
    const std::string roles = approval.severity == "critical" ? "admin" : "approver/admin";
    const auto who = approval.quorum > 1 ? std::to_string(approval.quorum) + " people (" + roles + ")" : roles;
    return "waiting " + format_age(approval.created, now) + " for approval " + short_id(approval.id) +
           (approval.throttled ? " (throttled: nobody is told)" : "") + " by " + who + ", expires " +
           relative(approval.expires, now);
}

std::string waiting_line(const api::Approval& approval, std::int64_t now, std::size_t columns) {
    const std::string way_out = "; Ctrl-C takes it back";
    const auto whole = escaped(std::string(program_name()) + ": " + told(approval, now)) + way_out;
    if (width(whole) <= columns) return whole;
    const auto room = columns > way_out.size() ? columns - way_out.size() : 0;
    return clipped(clipped(escaped(told_shortly(approval, now)), room) + way_out, columns);
}

std::vector<std::string> told_before(const api::Approval& approval, const std::vector<api::Hint>& hints) {
    std::vector<std::string> out;
    for (const auto& [what, next] : hints)
        if (approval.notes && std::ranges::find(*approval.notes, what) != approval.notes->end())
            out.push_back("even if people agree, " + what + (next.empty() ? "" : " -- " + next));
    return out;
}

void WaitingNote::begin(const api::Run& run) {
    if (waiting_ || mute_ || !run.approval) return;
    waiting_ = true;
    hints_ = run.hints;
    asio::co_spawn(loop_, fetch(*run.approval), asio::detached);
}

void WaitingNote::end() {
    waiting_ = false;
    timer_.cancel();
    if (std::exchange(shown_, false)) std::fputs("\r\x1b[K", stderr);
}

asio::awaitable<void> WaitingNote::fetch(std::string id) {
    Call call{.verb = "approvals.show", .id = std::move(id)};
    call.silent = true;
    const auto reply = co_await connection_.send(std::move(call));
    connection_.drop(); // it may wait for hours
    if (reply && reply->status == 403 && waiting_) note("waiting for an approval by people" + std::string(kWayOn));
    if (!reply || reply->status != 200) co_return;
    auto approval = read_approval(reply->body);
    if (!approval) co_return;
    approval_ = *std::move(approval);
    if (waiting_)
        for (const auto& one : told_before(approval_, hints_)) note(one);
    tell();
}

void WaitingNote::tell() {
    if (!waiting_) return;
    if (!is_terminal(STDERR_FILENO)) return note(told(approval_, std::time(nullptr)) + kWayOn);
    show();
    shown_ = true;
    timer_.expires_after(std::chrono::seconds(1));
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) tell();
    });
}

void WaitingNote::show() const {
    const auto size = window_size();
    const std::size_t columns = size && size->columns > 1 ? size->columns - 1u : 79u;
    const auto line = "\r" + waiting_line(approval_, std::time(nullptr), columns) + "\x1b[K";
    std::fwrite(line.data(), 1, line.size(), stderr);
}

} // namespace owhale::cli
