// The names that the log's rows share, as numbers: one connection's knowledge of the table `words`.
#pragma once

#include <string>
#include <unordered_map>

#include "store/database.hpp"

namespace owhale::audit {

class Words {
public:
    static Result<Words> open(store::Database& database);
    // Its number; a new word gets one, in the caller's transaction.
    Result<std::int64_t> id_of(std::string_view text);
    // After a transaction that was rolled back: what it made is not there.
    void forget() { known_.clear(); }

private:
    Words(store::Statement find, store::Statement add) : find_(std::move(find)), add_(std::move(add)) {}
    struct Hash : std::hash<std::string_view> { // finds a view without making a string
        using is_transparent = void;
    };
    store::Statement find_, add_;
    std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> known_; // at most kMostKnown
    static constexpr std::size_t kMostKnown = 8192;
};

} // namespace owhale::audit
