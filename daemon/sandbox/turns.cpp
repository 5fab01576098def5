#include "sandbox/turns.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace owhale::sandbox {

namespace asio = boost::asio;

struct Turns::Line {
    unsigned most = 0, most_per_uid = 0, taken = 0;
    std::map<std::uint32_t, unsigned> by_uid;
    std::list<asio::steady_timer*> waiting;

    bool room(std::uint32_t uid) const {
        const auto own = by_uid.find(uid);
        return taken < most && (own == by_uid.end() || own->second < most_per_uid);
    }
};

Turns::Turns(unsigned most, unsigned most_per_uid) : line_(std::make_shared<Line>()) {
    line_->most = most;
    line_->most_per_uid = most_per_uid;
}

Turns::Turn::~Turn() {
    if (!line_) return;
    --line_->taken;
    if (--line_->by_uid[uid_] == 0) line_->by_uid.erase(uid_);
    // All look again, in order: the first may be of a uid that has no room yet.
    for (auto* timer : line_->waiting) timer->cancel();
}

asio::awaitable<Result<Turns::Turn>> Turns::take(std::uint32_t uid, std::chrono::milliseconds time) {
    const auto line = line_;
    if (!line->room(uid)) {
        const auto until = std::chrono::steady_clock::now() + time;
        asio::steady_timer timer(co_await asio::this_coro::executor);
        const auto place = line->waiting.insert(line->waiting.end(), &timer);
        boost::system::error_code ignored;
        while (!line->room(uid) && std::chrono::steady_clock::now() < until) {
            timer.expires_at(until);
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        line->waiting.erase(place);
        if (!line->room(uid))
            co_return fail(Code::busy, "too much of yours is under way at once", "try again in a moment");
    }
    ++line->taken;
    ++line->by_uid[uid];
    co_return Turn(line, uid);
}

} // namespace owhale::sandbox
