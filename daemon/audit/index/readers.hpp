// Two threads that answer queries, and who is next: everybody who asks in turn, one question of each at a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "audit/index/search.hpp"

namespace owhale::audit::index {

class Readers {
public:
    static constexpr std::size_t kThreads = 2;
    static constexpr std::size_t kMostWaiting = 256, kMostOfOne = 16;
    static constexpr std::chrono::seconds kLongestWait{10};

    // `damaged` is called on a thread of this when the index turned out to be no good.
    Readers(std::string dir, std::function<void()> damaged);
    // Those who still wait are told that there is no answer.
    ~Readers();

    // Called once: with the sources, on a thread of this; or with busy. The threads start with the first question.
    using Question = std::move_only_function<void(Result<Sources*>)>;
    void ask(const std::string& asker, Question question);
    // Called by a question whose sources said `index_failed`: takes the index from them, so that it can be asked again.
    void without_index(Sources& sources, const Error& why);

    // No question is answered, and no connection to the index open, while the lock is held.
    std::unique_lock<std::shared_mutex> let_go();

private:
    struct Waiting {
        Question question;
        std::chrono::steady_clock::time_point since;
    };
    struct Next {
        std::string asker;
        Waiting waiting;
    };
    void work(std::optional<Sources>& sources);
    bool take(Next& next);
    Result<Sources*> ready(std::optional<Sources>& sources);

    const std::string dir_;
    const std::function<void()> damaged_;
    std::shared_mutex gate_;                      // shared by those who read
    std::vector<std::optional<Sources>> sources_; // of each thread
    std::mutex mutex_;                            // guards all below
    std::condition_variable changed_;
    std::map<std::string, std::deque<Waiting>> waiting_;
    std::deque<std::string> turn_; // whose are waiting, the next first
    std::set<std::string> asking_; // whose is being answered
    std::size_t count_ = 0;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

} // namespace owhale::audit::index
