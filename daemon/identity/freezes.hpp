// The red button's memory: who starts nothing until somebody lets them go on. Rows of schema/state, and what of them could
// not be stored. On the io thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/error.hpp"
#include "store/database.hpp"
#include "store/statements.hpp"

namespace owhale::identity {

inline constexpr std::string_view kEverybody = "*";

struct FreezeRow {
    std::string principal;  // "unix:1000", "user:alice", kEverybody
    std::int64_t since = 0; // microseconds since the epoch
    std::string by, reason; // reason: "" none
};

class Freezes {
public:
    static Result<Freezes> open(store::Database& database);

    // Holds at once. An error says that it holds until owhaled ends, and no longer. What is frozen already stays as it was
    // set, and its row is answered.
    Status set(const FreezeRow& row);
    Status thaw(const std::string& principal);
    std::optional<FreezeRow> find(const std::string& principal) const;
    std::vector<FreezeRow> all() const;

    // The row by which a principal starts nothing: its own, or everybody's.
    std::optional<FreezeRow> holding(const std::string& principal) const;
    // frozen, with who, since when and why.
    Status admits(const std::string& principal) const;

private:
    explicit Freezes(store::Database& database) : statements_(database) {}
    Status load();

    store::Statements statements_;
    std::map<std::string, FreezeRow> rows_;
};

} // namespace owhale::identity
