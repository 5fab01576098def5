// Standing grants: makes them of approvals, takes a use for each run that one covers, ends them. One instance, on the io thread.
//
// A grant is looked up only where the policy asks: it never outranks a deny. It covers a plan of its principal, workspace
// and profile that is what was agreed to (bound.hpp); a changed file, profile or rule ends it as void. A use is taken by
// compare and set before it is written down, and given back when the audit log does not take it: nothing is used twice.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "approvals/grant_rows.hpp"
#include "approvals/standing.hpp"
#include "audit/log.hpp"
#include "config/settings.hpp"
#include "identity/principal.hpp"

namespace owhale::approvals {

inline constexpr std::uint32_t kMostTimes = 1000;
inline constexpr std::uint64_t kLongestGrant = 30ull * 86'400'000; // ms
inline constexpr std::uint64_t kTemplateTime = 8ull * 3'600'000;   // ms, of a template without an end of its own
inline constexpr std::size_t kMostGrants = 500;                    // active ones of one principal

class Grants final : public Standing {
public:
    struct Parts { // all of it outlives the grants
        boost::asio::any_io_executor executor;
        const config::Settings& settings;
        audit::Log& audit;
        store::Database& database;
    };
    explicit Grants(Parts parts)
        : parts_(std::move(parts)), rows_(parts_.database), timer_(parts_.executor),
          alive_(std::make_shared<bool>(true)) {}

    // From now on what is over ends, at most half a minute late; uses ask the clock themselves.
    void start();
    void stop();

    // --- Standing ---
    boost::asio::awaitable<Result<std::optional<sandbox::Agreement>>> take(const sandbox::Plea& plea) override;
    api::GrantOffer offer(const sandbox::Plea& plea) override;
    Status check(const api::Approval& approval, const api::GrantRequest& wanted) override;
    boost::asio::awaitable<Result<std::string>> make(const api::Approval& approval, const api::GrantRequest& wanted,
                                                     const std::string& by) override;

    // --- people ---
    struct Wanted {
        bool all = false; // ended ones, too
        std::string before;
        std::size_t limit = 50;
    };
    Result<api::GrantList> list(const identity::Principal& who, const Wanted& wanted);
    // not_found unless it is its own, or it may see everyone's.
    Result<api::Grant> show(const identity::Principal& who, const std::string& id);
    // At once; `standing`: whether it still may. not_found; conflict when it has ended.
    boost::asio::awaitable<Status> revoke(identity::Principal who, std::string id, std::function<Status()> standing);
    // Ends what is over, and removes what ended long ago.
    boost::asio::awaitable<void> sweep();

private:
    // The wall clock, which a step backwards does not turn back: what has expired does not come to life again.
    std::int64_t now();
    struct Ending {
        std::string state, because;
    };
    boost::asio::awaitable<Status> note(audit::Event event);
    boost::asio::awaitable<void> end(const api::Grant& grant, Ending ending);
    boost::asio::awaitable<bool> is_plain(const sandbox::Plea& plea, std::vector<std::string> paths);
    boost::asio::awaitable<Result<bool>> take_one(const GrantRows::Active& active, const sandbox::Plea& plea);
    api::Grant grant_of(const api::Approval& approval, const api::GrantRequest& wanted, const std::string& by);
    void wait();

    Parts parts_;
    GrantRows rows_;
    boost::asio::steady_timer timer_;
    std::shared_ptr<bool> alive_; // false once stopped
    std::int64_t latest_ = 0;
};

} // namespace owhale::approvals
