// The rows of standing grants in the state database.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "approvals/bound.hpp"
#include "shared/api_approvals.hpp"
#include "store/statements.hpp"

namespace owhale::approvals {

class GrantRows {
public:
    // `database` has the schema `state`.
    explicit GrantRows(store::Database& database) : statements_(database) {}

    Status insert(const api::Grant& grant, const Bound& bound, std::int64_t created,
                  std::optional<std::int64_t> expires);

    struct Active {
        api::Grant grant;
        Bound bound;
    };
    // Those with a use left at `now`, the soonest to expire first; at most `most`.
    Result<std::vector<Active>> active(const std::string& principal, const std::string& workspace,
                                       const std::string& profile, std::int64_t now, std::size_t most);
    Result<std::uint64_t> count_active(const std::string& principal);
    // Takes one use, if there still is one at `now`: false when there is none.
    Result<bool> use(const std::string& id, std::int64_t now);
    // Of a use that came to nothing.
    Status give_back(const std::string& id);
    // Whether it was active and no longer is.
    Result<bool> end(const std::string& id, const std::string& state, const std::string& because, std::int64_t now);
    // Ids of the active ones that are over at `now`.
    Result<std::vector<std::string>> overdue(std::int64_t now);
    Status remove_ended_before(std::int64_t us);

    Result<std::optional<api::Grant>> find(const std::string& id);
    // Newest first; `principal` "" everybody's.
    Result<std::vector<api::Grant>> list(const std::string& principal, bool ended, const std::string& before,
                                         std::size_t limit);

private:
    store::Statements statements_;
};

} // namespace owhale::approvals
