// Brings the index up to the log, a batch at a time.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>

#include "audit/index/hours.hpp"
#include "audit/index/index_file.hpp"
#include "audit/index/truth.hpp"

namespace owhale::audit::index {

class Filler {
public:
    // Opens or makes the index of the log in `dir`. Fails with Code::conflict when there is an index that has to be made
    // again: damaged, of another log, or of another version; the text says which.
    static Result<std::unique_ptr<Filler>> open(const std::string& dir);

    std::uint64_t through() const { return standing_.through; }
    // Adds at most `most` events that came after; how many. Conflict as above when the index turned out to be damaged.
    Result<std::uint64_t> add(std::uint64_t most);
    // Makes one partition again whose bodies have gone since; false: there is none, and what was in them is out of the file.
    // Conflict as above.
    Result<bool> forget();

private:
    Filler(store::Database index, Truth truth) : index_(std::move(index)), truth_(std::move(truth)) {}
    Status check_standing();
    Result<std::uint64_t> add_now(std::uint64_t most);
    Result<bool> forget_now();
    Result<std::uint64_t> fill(std::uint64_t partition, Span span, bool counting);
    Status insert(store::Statement& words, const Facts& facts, const std::optional<std::string>& body);
    Status count(const Facts& facts);
    Result<std::uint64_t> folded(std::uint64_t principal);
    Status store_hours();
    Status store_standing(std::uint64_t through);
    Status make_partition(std::uint64_t partition);
    Status note(std::uint64_t partition, std::uint64_t through, bool whole);
    std::unexpected<Error> told(Error error) const;

    store::Database index_;
    Truth truth_;
    Standing standing_;
    bool forgetting_ = true;                                      // the write-ahead log may have words that are gone
    std::map<std::int64_t, Counts> hours_;                        // of this batch, whole
    std::unordered_map<std::uint64_t, std::uint64_t> principals_; // as counted
};

} // namespace owhale::audit::index
