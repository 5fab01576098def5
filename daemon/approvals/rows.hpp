// The rows of requests in the state database.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "approvals/state.hpp"
#include "shared/api_approvals.hpp"
#include "store/statements.hpp"

namespace owhale::approvals {

struct PleaRow { // a run that waits
    std::string run, approval;
    bool waits = false;
    std::string request;
};

class Rows {
public:
    // `database` has the schema `state`.
    explicit Rows(store::Database& database) : statements_(database) {}

    // With the run that asked first; in one transaction. The approval whole.
    Status insert(const api::Approval& approval, const std::string& payer, std::int64_t expires, const PleaRow& plea);
    // As it stands now, with one more run.
    Status join(const api::Approval& approval, const PleaRow& plea);
    struct Change {
        const api::Approval& approval; // after it
        State from;
        std::int64_t at = 0; // now
        std::optional<std::int64_t> expires, ended;
        const api::Decision* decision = nullptr; // stored with it
        std::vector<std::string> gone;           // runs that wait no more
    };
    // In one transaction, if it still is in `from`: conflict when it is not.
    Status change(const Change& change);
    Status set_waits(const std::string& run, bool waits);
    Status forget_plea(const std::string& run);

    // As lists have it.
    Result<std::optional<api::Approval>> find(const std::string& id);
    // Frozen plan, environment and offer.
    Status add_detail(api::Approval& approval);
    Result<std::optional<PleaRow>> plea(const std::string& run);

    struct Filter {
        std::string principal; // "" everybody's
        std::string state, before;
        bool throttled = false; // these, too
        std::size_t limit = 50;
    };
    Result<std::vector<api::Approval>> list(const Filter& filter);
    Result<std::uint64_t> pending(const std::string& principal); // "" everybody's; not those that are throttled

    struct Live { // at the start
        api::Approval approval;
        std::string payer;
        std::int64_t expires = 0;
        std::vector<PleaRow> pleas; // without what they ask for; sizes in `bytes`
        std::uint64_t bytes = 0;
    };
    Result<std::vector<Live>> live();
    Status remove_ended_before(std::int64_t us);

private:
    Status put_plea(const PleaRow& plea);
    store::Statements statements_;
};

} // namespace owhale::approvals
