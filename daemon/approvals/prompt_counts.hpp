// How often who was asked for, by the hour: the prompt budget. One instance, on the io thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <string>
#include <vector>

#include "approvals/standing.hpp"
#include "audit/log.hpp"
#include "config/settings.hpp"
#include "store/statements.hpp"

namespace owhale::approvals {

class PromptCounts final : public Tally {
public:
    struct Parts { // all of it outlives the counts
        boost::asio::any_io_executor executor;
        const config::Settings& settings;
        audit::Log& audit;
        store::Database& database;
    };
    explicit PromptCounts(Parts parts) : parts_(std::move(parts)), statements_(parts_.database) {}

    // A count that cannot be stored is logged: nobody waits for it. The question that goes over the budget is told once
    // an hour, as approval.flooded.
    void count(const std::string& principal, Asked what) override;
    // Whether its questions of this hour, throttled ones too, have used the budget up.
    bool over_budget(const std::string& principal) override;

    // Newest hour first, of the last `hours`; `principal` "" everybody's.
    Result<std::vector<api::PromptCount>> list(const std::string& principal, std::uint64_t hours);
    Status remove_before(std::int64_t us) override;

private:
    Result<std::uint64_t> add(const std::string& principal, Asked what, std::int64_t hour);
    void tell_flood(const std::string& principal, std::uint64_t questions);

    Parts parts_;
    store::Statements statements_;
};

} // namespace owhale::approvals
