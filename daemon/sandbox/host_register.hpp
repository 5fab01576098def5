// The book of hosts: lists that were read, and lines that somebody allowed for longer than one run. An act is in the log
// before it is in the database. On the io thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/log.hpp"
#include "sandbox/host_book.hpp"
#include "sandbox/host_lists.hpp"
#include "store/statements.hpp"

namespace owhale::sandbox {

class HostRegister final : public HostBook {
public:
    struct Parts { // all of it outlives the register
        audit::Log& audit;
        store::Database& database; // schema/state
        std::string folder;        // of the administrator's lists
    };
    // `shipped` was read before the broker was confined.
    HostRegister(Parts parts, HostLists shipped);

    // Entries from the last time, and the administrator's lists.
    Status load();
    // The administrator's lists anew; on an error the old ones stay.
    Status reload();

    Result<std::vector<api::HostRule>> list(std::string_view name) const override;
    std::vector<api::HostRule> standing(const std::string& principal, const std::string& profile) const override;
    void note_used(const std::string& principal, const std::string& profile, const api::NetReport& report) override;
    const HostLists& lists() const { return lists_; }
    std::vector<api::HostEntry> entries() const; // that hold now, oldest first
    std::optional<api::HostEntry> entry(const std::string& id) const;

    struct Wanted {
        api::HostRule rule;
        std::optional<std::string> principal, profile; // absent: of all
        std::optional<std::uint64_t> for_ms;
        std::string from, by; // "hosts allow", "approval ID"; who
    };
    // invalid_value (no host, no such list, 10,000 entries), audit_unavailable, state_unavailable.
    boost::asio::awaitable<Result<api::HostEntry>> allow(Wanted wanted);
    boost::asio::awaitable<Status> remove(std::string id, std::string by);

private:
    struct Standing {
        api::HostEntry entry;
        std::optional<std::int64_t> expires; // wall clock, microseconds
        std::int64_t stored = 0;             // when last_used was written
        bool holds() const;
    };
    Status store(const Standing& standing);
    bool let_through(const api::HostEntry& entry, const api::NetTry& reached) const;
    Status store_used(Standing& standing, std::int64_t now);

    Parts parts_;
    HostLists shipped_, lists_;
    std::map<std::string, Standing> entries_;
    store::Statements statements_;
};

} // namespace owhale::sandbox
