// A gate that says yes and remembers what it was told; and someone to ask.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "egress/asking.hpp"
#include "egress/gate.hpp"

namespace owhale::test {

class FakeGate : public egress::Gate {
public:
    const sandbox::NetRun& run() const override { return run_; }
    boost::asio::awaitable<Result<egress::Permit>> admit(egress::Target target) override {
        co_return egress::Permit{std::move(target), "test", 0};
    }
    boost::asio::awaitable<Result<std::unique_ptr<egress::Stream>>> dial(const egress::Permit&) override {
        co_return fail(Code::unreachable, "nothing is dialled here");
    }
    boost::asio::awaitable<Result<std::unique_ptr<egress::Stream>>> dial_tls(const egress::Permit&) override {
        co_return fail(Code::unreachable, "nothing is dialled here");
    }
    egress::Permit note(egress::Target target, std::string rule) override {
        const std::lock_guard lock(mutex_);
        noted_.push_back(rule + " " + target.host);
        return {std::move(target), std::move(rule), 0};
    }
    bool count(const egress::Permit&, std::uint64_t up, std::uint64_t down) override {
        up_ += up;
        down_ += down;
        return up_ + down_ <= most;
    }
    void note_secret(const egress::Permit&, const std::string&) override {}
    void refuse(const egress::Target& target, std::string rule, std::string reason, std::string) override {
        const std::lock_guard lock(mutex_);
        refused_.push_back(rule + " " + target.host + ": " + reason);
    }

    // From any thread.
    std::vector<std::string> noted() const {
        const std::lock_guard lock(mutex_);
        return noted_;
    }
    std::string refused() const {
        const std::lock_guard lock(mutex_);
        std::string out;
        for (const auto& line : refused_) out += line + "\n";
        return out;
    }
    std::uint64_t up() const { return up_; }
    std::uint64_t down() const { return down_; }

    sandbox::NetRun run_;
    std::atomic<std::uint64_t> most{~0ull};

private:
    mutable std::mutex mutex_;
    std::vector<std::string> noted_, refused_;
    std::atomic<std::uint64_t> up_{0}, down_{0};
};

class FakeAsking : public egress::Asking {
public:
    boost::asio::awaitable<Result<egress::HostAnswer>> ask(const sandbox::NetRun&,
                                                           const egress::Target& target) override {
        {
            const std::lock_guard lock(mutex_);
            asked_.push_back(target.host);
        }
        egress::HostAnswer answer;
        answer.allowed = allows;
        answer.because = allows ? "a test agrees" : "a test refuses";
        co_return answer;
    }
    void forget(const std::string&) override {}
    std::vector<std::string> asked() const {
        const std::lock_guard lock(mutex_);
        return asked_;
    }
    std::atomic<bool> allows{true};

private:
    mutable std::mutex mutex_;
    std::vector<std::string> asked_;
};

} // namespace owhale::test
