// A search through the audit log, page by page: what owhaled has not looked at in the time of one page is asked for with
// the next, until there are enough or the log ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/context.hpp"
#include "shared/api_audit.hpp"

namespace owhale::cli {

// How far a long search has come, in one line of the terminal's stderr; nothing elsewhere, and nothing for a short one.
class SearchNote {
public:
    explicit SearchNote(bool quiet);
    ~SearchNote() { clear(); }
    SearchNote(const SearchNote&) = delete;
    SearchNote& operator=(const SearchNote&) = delete;
    void tell(const api::AuditList& page);
    void clear(); // before stdout is written to

private:
    bool wanted_, shown_ = false;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

struct AuditPage {
    api::AuditList list;
    std::string body; // it, as it came
};

class AuditPages {
public:
    using Query = std::vector<std::pair<std::string, std::string>>;
    enum class Order { newest_first, oldest_first };
    // At most `most` events; all of them without it.
    AuditPages(Context& context, Query query, Order order, std::optional<std::uint64_t> most);

    // Goes on from an event instead of an end of the log: those before it, or after it.
    void from(std::uint64_t seq) { at_ = seq; }
    // The next page with events in it; none: that was all.
    Result<std::optional<AuditPage>> next();
    // Where the next page would begin; none: the log has no more.
    std::optional<std::uint64_t> rest() const { return ended_ ? std::nullopt : at_; }

private:
    Call call() const;
    Status move_on(const api::AuditList& list);
    Context& context_;
    Query query_;
    bool oldest_first_;
    std::optional<std::uint64_t> most_, at_;
    bool ended_ = false;
    SearchNote note_;
};

} // namespace owhale::cli
