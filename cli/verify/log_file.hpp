// The audit log's database (schema/audit), read without believing it: a pass over its events, and what else it says.
//
// Only for whoever may read the file as its owner: SQLite reads what a stranger may have written. Reads in short
// transactions, so that a running owhaled's write-ahead log does not grow for it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/verify/claims.hpp"
#include "cli/verify/pass.hpp"

namespace owhale::cli::verify {

// Error::step where the file's contents are no good: SQLite takes it for damaged, or for no database at all.
inline constexpr std::string_view kDamaged = "damaged";

class LogFile {
public:
    static Result<LogFile> open(const std::string& path);
    LogFile(LogFile&&) noexcept;
    ~LogFile();

    Result<std::uint64_t> size() const; // the last sequence; 0: none
    struct Stored {
        std::uint64_t size = 0;
        std::string note;
    };
    Result<std::vector<Stored>> checkpoints() const;
    Result<std::map<std::uint64_t, std::uint64_t>> drops() const; // through -> sequence of the event that tells it
    // Whose log it says it is; nothing when it says nothing.
    Result<std::optional<merkle::NoteKey>> identity() const;
    // The text of the first event of this name that has one; its sequence. Nothing when there is none.
    Result<std::optional<std::pair<std::uint64_t, std::string>>> first_of(const std::string& event) const;

    Result<std::optional<std::string>> text_of(std::uint64_t seq) const;

    // Gives all events from `first` to `last` to the pass, in their order.
    Status read(Pass& pass, std::uint64_t first, std::uint64_t last,
                const std::function<void(std::uint64_t)>& progress);
    std::optional<Pass::Node> node(unsigned level, std::uint64_t index) const;
    // Hashes as merkle::Reader asks for them.
    Result<std::vector<Hash>> tile(unsigned level, std::uint64_t first, std::size_t count) const;

private:
    struct State;
    explicit LogFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace owhale::cli::verify
