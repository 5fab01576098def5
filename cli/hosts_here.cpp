#include "cli/hosts_here.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace owhale::cli {
namespace {

constexpr std::chrono::milliseconds kLook{100}; // at whether it was decided

} // namespace

HostsHere::HostsHere(asio::io_context& loop, const Where& where, std::vector<std::string> words)
    : loop_(loop), feed_(loop, where,
                         {.listed = [this](std::vector<api::Approval> pending) { listed(pending); },
                          .fresh = [](const api::Approval&) {},
                          .throttled = {},
                          .trouble = [](const std::string&) {},
                          .ended = {}}),
      asked_(loop), words_(std::move(words)) {}

void HostsHere::begin(const std::string& run) {
    if (words_.empty() || begun_) return;
    begun_ = true;
    run_ = run;
    asio::co_spawn(loop_, feed_.follow(), asio::detached);
    asio::co_spawn(loop_, feed_.refresh_always(), asio::detached);
    asio::co_spawn(loop_, decide(), asio::detached);
}

void HostsHere::end() {
    words_.clear();
    open_.clear();
    asked_.ring();
}

void HostsHere::listed(const std::vector<api::Approval>& pending) {
    std::vector<std::string> ids;
    for (const auto& one : pending) // newest first
        if (one.kind == "host" && one.run == run_) ids.insert(ids.begin(), one.id);
    for (const auto& id : ids)
        if (std::ranges::find(pending_, id) == pending_.end()) open_.push_back(id);
    pending_ = std::move(ids);
    asked_.ring();
}

asio::awaitable<void> HostsHere::decide() {
    const auto waits = [this](const std::string& id) { return std::ranges::find(pending_, id) != pending_.end(); };
    while (!words_.empty()) {
        while (open_.empty() && !words_.empty()) co_await asked_.wait();
        if (words_.empty()) co_return;
        const auto id = open_.front();
        open_.pop_front();
        if (!waits(id)) continue;
        ApproveHere here(words_);
        here.begin(id);
        while (here.is_open() && waits(id) && !words_.empty()) co_await pause();
    }
}

asio::awaitable<void> HostsHere::pause() {
    asio::steady_timer timer(loop_, kLook);
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
}

} // namespace owhale::cli
