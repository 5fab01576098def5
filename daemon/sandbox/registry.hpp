// The one registry of runs behind Runs: runs.cpp is a run's life in it, listing.cpp what is told of them, waiting.cpp
// a run that waits for people, upkeep.cpp what happens by the clock, at the start and at the end.
#pragma once

#include <map>
#include <set>

#include "metrics/scrape.hpp"
#include "sandbox/boxes.hpp"
#include "sandbox/kept.hpp"
#include "sandbox/launcher.hpp"
#include "sandbox/plea.hpp"
#include "sandbox/run.hpp"
#include "sandbox/run_rows.hpp"
#include "sandbox/runs.hpp"
#include "sandbox/wake.hpp"

namespace owhale::sandbox {

class Registry final : public Runs {
public:
    Registry(Parts parts, Kept kept)
        : parts_(std::move(parts)), rows_(parts_.database), kept_(std::move(kept)), launcher_(parts_, rows_),
          empty_(parts_.executor), room_(parts_.executor) {
        if (parts_.consent != nullptr)
            parts_.consent->on_answer = [this](const std::string& run, const Answer& answer) { answered(run, answer); };
        if (parts_.network != nullptr)
            parts_.network->on_line = [this](std::uint64_t run, const std::string& line) { told_of(run, line); };
        parts_.spawner.on_run_ended = [this](const wire::RunEnded& ended) { run_ended(ended); };
        parts_.spawner.on_box_ended = [this](const std::string& key) { boxes_.ended(key); };
    }

    boost::asio::awaitable<Status> reconcile() override;
    boost::asio::awaitable<void> stop() override;
    boost::asio::awaitable<Result<Made>> create(api::RunRequest request, Caller caller, IdempotencyKey key) override;
    boost::asio::awaitable<Result<Made>> exec(std::shared_ptr<Run> target, api::ExecRequest request,
                                              Caller caller) override;
    boost::asio::awaitable<Result<Made>> claim(std::string id, Caller caller) override;
    boost::asio::awaitable<void> outlive_client(std::shared_ptr<Run> run) override;
    boost::asio::awaitable<Result<api::Verdict>> check(api::RunRequest request, Caller caller) override {
        CO_CHECK(find_asker(caller));
        co_return co_await launcher_.check(std::move(request), caller);
    }
    std::shared_ptr<Run> live(const std::string& id) override {
        const auto found = live_.find(id);
        return found == live_.end() ? nullptr : found->second;
    }
    Result<api::Run> show(const std::string& id, const std::string& principal, bool any) override;
    Result<api::RunList> list(const std::string& principal, bool any, const std::string& state,
                              const std::string& before, std::size_t limit) override;
    Status remove(const std::string& id) override;
    void signal(const Run& run, int signal) override { parts_.spawner.signal(run.number(), signal); }
    void kill(Run& run, std::chrono::milliseconds grace) override;
    std::string folder(const std::string& id) const override { return kept_.folder(id); }
    Counts counts() override { return {live_.size() - waiting_, rows_.count().value_or(0)}; }
    std::string id_of(std::uint64_t number) override {
        const auto found = by_number_.find(number);
        return found == by_number_.end() ? "" : found->second->id();
    }
    std::size_t kill_all_of(const std::string& principal) override;
    boost::asio::awaitable<Stillness> hold_frozen() override;
    boost::asio::awaitable<Result<Place>> workspace_at(Caller caller, std::string folder, std::string user) override {
        co_return co_await launcher_.workspace_at(std::move(caller), std::move(folder), std::move(user));
    }
    Result<api::BoxList> boxes(const std::string& principal, bool any) override;
    Status may_touch_box(const std::string& id, const std::string& profile, const std::string& cwd) override;
    Status reset_box(const std::string& id, const std::string& principal, bool any) override;
    boost::asio::awaitable<Result<api::Publish>> publish(std::shared_ptr<Run> run, api::Publish port) override;
    void connection_closed(std::uint64_t connection) override;

private:
    // Counts a run from before anything is asked for it, so that no burst slips under the limits.
    class Place {
    public:
        Place(Registry& registry, const Caller& caller) : registry_(registry), whose_{caller.payer} {
            if (caller.asker) whose_.push_back(caller.principal);
            for (const auto& who : whose_) ++registry_.places_[who];
            ++registry_.taken_;
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() {
            --registry_.taken_;
            for (const auto& who : whose_)
                if (--registry_.places_[who] == 0) registry_.places_.erase(who);
            registry_.room_.notify();
        }

    private:
        Registry& registry_;
        std::vector<std::string> whose_; // the payer's, and of a run's runs that run's
    };

    Status find_asker(Caller& caller);
    Status check_room(const Caller& caller) const;
    Status enter_room(const Caller& caller); // the same; who finds none is counted
    void show(metrics::Exposition& out) const;
    Status check_room_of_run(const Caller& caller) const;
    void add_children(api::Run& record);
    std::shared_ptr<Run> make_run(const Prepared& prepared, const Caller& caller, std::uint64_t number);
    boost::asio::awaitable<Result<Made>> prepare_and_launch(Asked asked, Caller caller, std::uint64_t number,
                                                            std::shared_ptr<Place> place);
    boost::asio::awaitable<Result<Made>> launch(Prepared prepared, Asked asked, Caller caller, std::uint64_t number,
                                                std::shared_ptr<Place> place);
    boost::asio::awaitable<Result<Made>> begin(std::shared_ptr<Run> run, Prepared& prepared,
                                               std::shared_ptr<Place> place);
    void feed(std::shared_ptr<Run> run, std::string data);
    void take_in(const std::shared_ptr<Run>& run);

    // waiting.cpp: the way of a run that waits for an answer.
    boost::asio::awaitable<Result<Made>> ask(std::shared_ptr<Run> run, Prepared prepared, Asked asked,
                                             std::shared_ptr<Place> place);
    boost::asio::awaitable<Status> begin_waiting(std::shared_ptr<Run> run, Plea plea);
    boost::asio::awaitable<void> wait_for_answer(std::shared_ptr<Run> run);
    boost::asio::awaitable<bool> go_on(std::shared_ptr<Run> run);
    boost::asio::awaitable<Result<Prepared>> prepare_again(const Asked& asked, Caller caller, std::shared_ptr<Run> run);
    boost::asio::awaitable<Status> start_agreed(std::shared_ptr<Run> run, Prepared& prepared, const Asked& asked,
                                                std::shared_ptr<Place> place);
    boost::asio::awaitable<void> end_waiting(std::shared_ptr<Run> run, State state, Error error);
    boost::asio::awaitable<void> end_void(std::shared_ptr<Run> run, std::string because);
    void answered(const std::string& id, const Answer& answer);
    void cancel_waiting(const Run& run, std::string because);
    void cancel_those_of(const Run& ended);
    boost::asio::awaitable<void> hold_connection(std::shared_ptr<Run> run);
    void release(Run& run);
    void leave_waiting(Run& run);
    Status restore(const api::Run& row);
    void cancel_lost();
    boost::asio::awaitable<void> live_through(std::shared_ptr<Run> run, std::shared_ptr<Place> place);
    Result<std::optional<Made>> repeated(const Caller& caller, const IdempotencyKey& key);
    void settle(Run& run);
    boost::asio::awaitable<Status> end_left(api::Run& run);
    boost::asio::awaitable<Result<std::string>> asked_by(std::string id);
    void run_ended(const wire::RunEnded& ended);
    void told_of(std::uint64_t run, const std::string& line);
    boost::asio::awaitable<void> tick();
    void record_late();
    void end_lonely(std::chrono::steady_clock::time_point now);
    std::vector<std::string> runs_of_box(const std::string& key) const;
    void make_room_for(const Boxes::Use& use);

    Parts parts_;
    RunRows rows_;
    Kept kept_;
    Launcher launcher_;
    Boxes boxes_;
    Wake empty_, room_; // room_: a place was given back
    std::map<std::string, std::shared_ptr<Run>> live_;
    std::map<std::uint64_t, std::shared_ptr<Run>> by_number_;
    struct Ended { // an end whose row could not be written yet: the disk was full
        api::Run record;
        std::int64_t at_us = 0;
        std::uint64_t kept = 0;
    };
    std::map<std::string, Ended> unrecorded_;
    std::map<std::string, std::uint64_t> places_; // by payer, and by run that asks
    std::set<std::pair<std::string, std::string>> keys_in_use_;
    std::uint64_t taken_ = 0;
    std::uint64_t waiting_ = 0; // runs in state waiting_approval
    std::uint64_t next_number_ = 1;
    bool stopping_ = false;
    metrics::Shown shown_ = metrics::on_scrape([this](metrics::Exposition& out) { show(out); });
};

} // namespace owhale::sandbox
