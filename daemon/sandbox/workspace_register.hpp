// The folders that people registered as workspaces, by the user id whose runs may write there. An act is in the log before it
// is in the database. On the io thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/log.hpp"
#include "shared/api_workspaces.hpp"
#include "store/statements.hpp"

namespace owhale::sandbox {

Error unknown_workspace(); // not_found

class WorkspaceRegister {
public:
    struct Parts { // all of it outlives the register
        audit::Log& audit;
        store::Database& database; // schema/state
    };
    explicit WorkspaceRegister(Parts parts) : parts_(parts), statements_(parts.database) {}

    Status load(); // those of the last time

    std::vector<std::string> of(std::uint32_t uid) const; // their paths
    std::vector<api::Workspace> entries() const;          // oldest first
    std::optional<api::Workspace> entry(const std::string& id) const;

    // `event`: of the request, without data. A folder that is registered already is told as it is: nothing is written.
    // invalid_value (256 of this uid), audit_unavailable, state_unavailable.
    boost::asio::awaitable<Result<api::Workspace>> add(std::string path, std::uint32_t uid, audit::Event event);
    // Runs that live keep what they have. not_found.
    boost::asio::awaitable<Status> remove(std::string id, audit::Event event);

private:
    const api::Workspace* find(std::uint32_t uid, const std::string& path) const;
    Status store(const api::Workspace& entry, std::int64_t created);

    Parts parts_;
    std::map<std::string, api::Workspace> entries_;
    store::Statements statements_;
};

} // namespace owhale::sandbox
