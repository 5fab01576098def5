#include "cli/audit_follow.hpp"

#include <algorithm>
#include <poll.h>
#include <thread>
#include <unistd.h>

#include "cli/messages.hpp"

namespace owhale::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kWait = 25s; // of one call: below what proxies cut off
constexpr auto kFirstPause = 100ms, kLongestPause = 2000ms;

bool reader_has_gone() {
    pollfd out{STDOUT_FILENO, 0, 0};
    return ::poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

// It starts, stops, or cannot be reached: it may come back.
bool is_away(const Error& error) {
    return error.code == Code::unreachable || error.code == Code::state_unavailable || error.step == "stopping";
}

class Following {
public:
    Following(Context& context, const AuditPages::Query& query, std::uint64_t after, AuditOutput& output)
        : context_(context), query_(query), after_(after), output_(output) {}

    Status run() {
        for (;;) {
            if (reader_has_gone()) return fail_errno("writing to stdout", EPIPE);
            const auto body = context_.ask(call());
            // Also of the right to read: a removed device's connection is cut, and why is told to the next question alone.
            if (!body && !is_away(body.error())) return std::unexpected(body.error());
            CHECK(body ? take(*body) : outlast(body.error()));
            if (ended_) return {};
        }
    }

private:
    Call call() const {
        Call call{.verb = "audit.list", .query = query_};
        call.query.emplace_back("after", std::to_string(after_));
        if (pause_ == 0ms) call.query.emplace_back("wait", std::to_string(kWait.count()));
        call.query.emplace_back("limit", "1000");
        call.limit = 2 * kWait;
        call.silent = true;
        return call;
    }

    Status take(const std::string& body) {
        pause_ = 0ms;
        if (std::exchange(told_away_, false) && !context_.globals().quiet) note("owhaled is back");
        auto list = TRY(read_audit(body));
        const auto seen = list.next ? *list.next : list.searched_to.value_or(after_);
        if (seen < after_) return another_log(seen);
        after_ = seen;
        ended_ = list.ended.value_or(false);
        CHECK(output_.page(std::move(list), body));
        if (ended_ && !context_.globals().quiet) note(owhaled_ended(after_));
        return {};
    }

    // A little, until it is asked again; that it is away is said when it still is then.
    Status outlast(const Error& error) {
        if (pause_ != 0ms && !std::exchange(told_away_, true) && !context_.globals().quiet)
            note(error.message + "; going on after event " + std::to_string(after_) + " when owhaled is back");
        pause_ = std::clamp<std::chrono::milliseconds>(pause_ * 2, kFirstPause, kLongestPause);
        std::this_thread::sleep_for(pause_);
        return {};
    }

    Status another_log(std::uint64_t last) const {
        return fail(Code::conflict,
                    "owhaled came back with another audit log, or an older copy of it: event " +
                        std::to_string(after_) + " was there, and its last one is " + std::to_string(last),
                    "owhalectl audit verify");
    }

    Context& context_;
    const AuditPages::Query& query_;
    std::uint64_t after_;
    AuditOutput& output_;
    std::chrono::milliseconds pause_{0}; // before the next try; 0: it answers
    bool told_away_ = false, ended_ = false;
};

} // namespace

std::string owhaled_ended(std::uint64_t last) {
    return "owhaled was stopped, or is restarted: event " + std::to_string(last) + " is its last";
}

Result<std::uint64_t> last_event(Context& context) {
    const auto body = TRY(context.ask({.verb = "audit.list", .query = {{"limit", "1"}}, .silent = true}));
    const auto list = TRY(read_audit(body));
    return list.events.empty() ? 0 : list.events.front().seq;
}

Status follow_audit(Context& context, const AuditPages::Query& query, std::uint64_t after, AuditOutput& output) {
    return Following(context, query, after, output).run();
}

} // namespace owhale::cli
