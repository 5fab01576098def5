#include "cli/audit_pages.hpp"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

#include "cli/escape.hpp"
#include "cli/messages.hpp"
#include "cli/terminal.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr std::uint64_t kPage = 1000; // the most that owhaled gives at once
constexpr std::chrono::milliseconds kShort{700};

} // namespace

SearchNote::SearchNote(bool quiet) : wanted_(!quiet && is_terminal(STDERR_FILENO)) {}

void SearchNote::tell(const api::AuditList& page) {
    if (!wanted_ || std::chrono::steady_clock::now() - began_ < kShort) return;
    auto line = "searching: back to ";
    std::string text = line;
    if (page.searched_until) text += in_seconds(*page.searched_until) + ", ";
    text += "event " + std::to_string(page.searched_to.value_or(0)) + " (Ctrl-C ends it)";
    const auto size = window_size();
    text = "\r" + clipped(escaped(text), size && size->columns > 1 ? size->columns - 1u : 79u) + "\x1b[K";
    std::fwrite(text.data(), 1, text.size(), stderr);
    shown_ = true;
}

void SearchNote::clear() {
    if (std::exchange(shown_, false)) std::fputs("\r\x1b[K", stderr);
    began_ = std::chrono::steady_clock::now();
}

AuditPages::AuditPages(Context& context, Query query, Order order, std::optional<std::uint64_t> most)
    : context_(context), query_(std::move(query)), oldest_first_(order == Order::oldest_first), most_(most),
      note_(context.globals().quiet) {
    if (oldest_first_) at_ = 0;
}

Call AuditPages::call() const {
    Call call{.verb = "audit.list", .query = query_};
    call.query.emplace_back("limit", std::to_string(std::min(most_.value_or(kPage), kPage)));
    if (at_) call.query.emplace_back(oldest_first_ ? "after" : "before", std::to_string(*at_));
    return call;
}

Status AuditPages::move_on(const api::AuditList& list) {
    ended_ = !list.next.has_value();
    if (ended_) return {};
    const bool moves = !at_ || (oldest_first_ ? *list.next > *at_ : *list.next < *at_);
    if (!moves) return fail(Code::internal, "owhaled's page of the audit log leads to itself");
    at_ = list.next;
    return {};
}

Result<std::optional<AuditPage>> AuditPages::next() {
    while (!ended_ && most_ != 0) {
        AuditPage page;
        page.body = TRY(context_.ask(call()));
        page.list = TRY(read_audit(page.body));
        CHECK(move_on(page.list));
        if (page.list.events.empty()) {
            note_.tell(page.list);
            continue;
        }
        note_.clear();
        if (most_) *most_ -= std::min<std::uint64_t>(*most_, page.list.events.size());
        return page;
    }
    note_.clear();
    return std::nullopt;
}

} // namespace owhale::cli
