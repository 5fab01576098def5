// The rows of runs in the state database.
//
// They are what `runs ls` shows after a restart; the audit log, not this, is what must survive a power cut.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/api.hpp"
#include "store/database.hpp"

namespace owhale::sandbox {

class RunRows {
public:
    // `database` has the schema `state`.
    explicit RunRows(store::Database& database) : database_(&database) {}

    // A run that lives: its row is made, or is as this says from now on.
    Status insert(const api::Run& run, std::int64_t created_us);
    // The record of a run that ended, with the bytes of output that are kept of it; one that never lived gets its row here.
    Status finish(const api::Run& run, std::int64_t ended_us, std::uint64_t kept);
    Result<std::optional<api::Run>> find(const std::string& id);
    struct Filter {
        std::string principal; // "" everybody's
        std::string state, before;
        std::size_t limit = 50;
    };
    Result<std::vector<api::Run>> list(const Filter& filter);
    // Ids of a run's own runs, newest first.
    Result<std::vector<std::string>> children(const std::string& id, std::size_t limit);
    Result<std::vector<api::Run>> live();
    Status remove(const std::string& id);
    Result<std::uint64_t> count();

    // Ids of runs that ended before; oldest first, 1,000 at most.
    Result<std::vector<std::string>> ended_before(std::int64_t us);
    Result<std::uint64_t> kept_by(const std::string& principal); // bytes of output
    // Ids of a principal's oldest runs whose output makes its total more than `most` bytes.
    Result<std::vector<std::string>> over_quota(const std::string& principal, std::uint64_t most);
    Status forget_output(const std::string& id);

    // Idempotency-Key: the run that the key made and the digest of its request; empty when new.
    struct Keyed {
        std::string run, request;
    };
    Result<std::optional<Keyed>> find_key(const std::string& principal, const std::string& key,
                                          std::int64_t made_after_us);
    Status keep_key(const std::string& principal, const std::string& key, const Keyed& keyed, std::int64_t made_us);

private:
    Result<store::Statement*> use(const char* sql);
    store::Database* database_;
    std::map<std::string, store::Statement, std::less<>> statements_;
};

} // namespace owhale::sandbox
