// What the desk of requests asks of standing grants and of the count of questions: both may be absent in tests.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "sandbox/consent.hpp"
#include "shared/api_approvals.hpp"
#include "shared/error.hpp"

namespace owhale::approvals {

// Standing grants.
class Standing {
public:
    virtual ~Standing() = default;
    // One use of a grant that covers the plan, taken and audited; empty when none does.
    virtual boost::asio::awaitable<Result<std::optional<sandbox::Agreement>>> take(const sandbox::Plea& plea) = 0;
    // What an approval of this could leave behind.
    virtual api::GrantOffer offer(const sandbox::Plea& plea) = 0;
    // Before a decision is written down: whether `wanted` is a grant that this request can have; invalid_value, forbidden.
    virtual Status check(const api::Approval& approval, const api::GrantRequest& wanted) = 0;
    // After it: the grant's id. `by`: "user:alice".
    virtual boost::asio::awaitable<Result<std::string>>
    make(const api::Approval& approval, const api::GrantRequest& wanted, const std::string& by) = 0;
};

enum class Asked : std::uint8_t { asked, approved, denied, expired, joined, throttled, granted };

// Questions by principal and hour.
class Tally {
public:
    virtual ~Tally() = default;
    virtual void count(const std::string& principal, Asked what) = 0;
    // It asks more than its budget: further questions are not announced.
    virtual bool over_budget(const std::string& principal) = 0;
    // What was counted in hours that ended before this time, microseconds.
    virtual Status remove_before(std::int64_t us) = 0;
};

} // namespace owhale::approvals
