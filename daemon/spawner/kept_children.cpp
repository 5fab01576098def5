#include "spawner/kept_children.hpp"

#include <algorithm>
#include <csignal>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.hpp"
#include "spawner/processes.hpp"

namespace owhale::spawner {
namespace {

constexpr std::int64_t kKeptNs = 30'000'000'000;
constexpr std::ptrdiff_t kMaxKeptOfOne = 4;
constexpr std::size_t kMaxKept = 32;

bool same(const Question& one, const Question& other) {
    const auto &a = one.identity, &b = other.identity;
    return a.uid == b.uid && a.gid == b.gid && a.groups == b.groups && one.drop_groups == other.drop_groups;
}

bool lives(const Child& child) {
    pollfd end{child.pidfd.get(), POLLIN, 0};
    return ::poll(&end, 1, 0) == 0;
}

} // namespace

std::optional<Child> KeptChildren::ask(Question& question) {
    if (question.parent != 0) return {};
    std::string bytes;
    for (auto at = kept_.begin(); at != kept_.end();) {
        if (!same(at->child.question, question)) {
            ++at;
            continue;
        }
        if (bytes.empty()) bytes = pack_question(question);
        if (bytes.size() > kMaxSentQuestion) return {};
        auto child = std::move(at->child);
        at = kept_.erase(at);
        if (!lives(child) || ::send(child.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
            too_many_.push_back(std::move(child));
            continue;
        }
        child.question = std::move(question);
        child.serves_on = false;
        child.deadline_ns = monotonic_ns() + kResolveDeadlineNs;
        return child;
    }
    return {};
}

void KeptChildren::add(Child child, std::int64_t now) {
    const auto of_one =
        std::ranges::count_if(kept_, [&](const Kept& kept) { return same(kept.child.question, child.question); });
    if (of_one >= kMaxKeptOfOne) {
        too_many_.push_back(std::move(child));
        return;
    }
    kept_.push_front({std::move(child), now});
    if (kept_.size() <= kMaxKept) return;
    too_many_.push_back(std::move(kept_.back().child));
    kept_.pop_back();
}

void KeptChildren::expire(std::int64_t now, const std::function<void(Child&)>& end) {
    while (!kept_.empty() && now - kept_.back().since_ns > kKeptNs) {
        too_many_.push_back(std::move(kept_.back().child));
        kept_.pop_back();
    }
    for (auto& child : too_many_) {
        child.serves_on = false;
        end(child);
    }
    too_many_.clear();
}

void KeptChildren::end_all() {
    for (const auto& kept : kept_) send_signal(kept.child.pidfd.get(), SIGKILL);
    for (const auto& child : too_many_) send_signal(child.pidfd.get(), SIGKILL);
}

} // namespace owhale::spawner
