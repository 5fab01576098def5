#include "audit/index/readers.hpp"

#include <algorithm>

namespace owhale::audit::index {
namespace {

std::unexpected<Error> busy() {
    Error error{Code::busy, "too many searches of the audit log wait", "Ask again in a moment.", 0, {}};
    error.retry_after = 1;
    return std::unexpected(std::move(error));
}

} // namespace

Readers::Readers(std::string dir, std::function<void()> damaged)
    : dir_(std::move(dir)), damaged_(std::move(damaged)), sources_(kThreads) {}

Readers::~Readers() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
    for (auto& [asker, questions] : waiting_)
        for (auto& one : questions) one.question(fail(Code::busy, "owhaled stops"));
}

void Readers::ask(const std::string& asker, Question question) {
    {
        const std::lock_guard lock(mutex_);
        const auto mine = waiting_.find(asker);
        const bool room = count_ < kMostWaiting && (mine == waiting_.end() || mine->second.size() < kMostOfOne);
        if (room && !ending_) {
            if (mine == waiting_.end()) turn_.push_back(asker);
            waiting_[asker].push_back({std::move(question), std::chrono::steady_clock::now()});
            ++count_;
            for (auto& sources : sources_)
                if (threads_.size() < kThreads) threads_.emplace_back([this, &sources] { work(sources); });
        }
    }
    changed_.notify_one();
    if (question) question(busy());
}

// The next of one who is not being answered; false: the end.
bool Readers::take(Next& next) {
    std::unique_lock lock(mutex_);
    auto whose = turn_.end();
    changed_.wait(lock, [&] {
        whose = std::ranges::find_if(turn_, [this](const auto& asker) { return !asking_.contains(asker); });
        return ending_ || whose != turn_.end();
    });
    if (ending_) return false;
    next.asker = *whose;
    turn_.erase(whose);
    auto& questions = waiting_[next.asker];
    next.waiting = std::move(questions.front());
    questions.pop_front();
    --count_;
    if (questions.empty())
        waiting_.erase(next.asker);
    else
        turn_.push_back(next.asker);
    asking_.insert(next.asker);
    return true;
}

void Readers::work(std::optional<Sources>& sources) {
    for (Next next; take(next);) {
        if (std::chrono::steady_clock::now() - next.waiting.since > kLongestWait) {
            next.waiting.question(busy());
        } else {
            const std::shared_lock reading(gate_);
            next.waiting.question(ready(sources));
        }
        next.waiting.question = nullptr; // it may hold its asker's executor running
        {
            const std::lock_guard lock(mutex_);
            asking_.erase(next.asker);
        }
        changed_.notify_one();
    }
}

Result<Sources*> Readers::ready(std::optional<Sources>& sources) {
    if (!sources) sources.emplace(Sources{TRY(Truth::open(dir_ + "/audit.db")), {}, false});
    if (!sources->index) {
        auto index = open_index_to_read(index_path(dir_));
        if (index) sources->index.emplace(std::move(*index)); // else it is being made
    }
    return &*sources;
}

void Readers::without_index(Sources& sources, const Error& why) {
    sources.index.reset();
    sources.index_failed = false;
    if (is_damaged(why, index_path(dir_))) damaged_();
}

std::unique_lock<std::shared_mutex> Readers::let_go() {
    std::unique_lock alone(gate_);
    for (auto& sources : sources_)
        if (sources) sources->index.reset();
    return alone;
}

} // namespace owhale::audit::index
