#include "approvals/stats.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "approvals/suggestions.hpp"
#include "base/clock.hpp"
#include "shared/codec.hpp"

namespace owhale::approvals {
namespace {

constexpr std::size_t kMostRead = 1000;
constexpr std::int64_t kHour = 3'600ll * 1'000'000;

// The least UUIDv7 of a moment: ids are in the order of their making.
std::string first_id(std::int64_t us) {
    const auto ms = static_cast<unsigned long long>(std::max<std::int64_t>(us, 0) / 1000);
    std::array<char, 20> text{};
    std::snprintf(text.data(), text.size(), "%08llx-%04llx", ms >> 16, ms & 0xffff);
    return text.data();
}

// Of a time in the one form that owhaled writes.
std::int64_t ms_of(const std::string& time) {
    std::tm parts{};
    const char* rest = ::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == nullptr) return 0;
    int micros = 0;
    if (*rest == '.') std::sscanf(rest + 1, "%6d", &micros);
    return static_cast<std::int64_t>(::timegm(&parts)) * 1000 + micros / 1000;
}

std::uint64_t median_answer(const std::vector<api::Approval>& answered) {
    std::vector<std::int64_t> times;
    for (const auto& approval : answered)
        if (approval.decided)
            times.push_back(std::max<std::int64_t>(ms_of(*approval.decided) - ms_of(approval.created), 0));
    if (times.empty()) return 0;
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::ranges::nth_element(times, middle);
    return static_cast<std::uint64_t>(*middle);
}

} // namespace

Result<std::vector<api::Approval>> Stats::answered(const std::string& principal, std::uint64_t hours) {
    auto row =
        TRY(statements_.use("SELECT approval, detail FROM approvals WHERE (?1 = '' OR principal = ?1) AND id >= ?2 "
                            "AND state IN ('approved', 'used', 'void', 'denied') ORDER BY id DESC LIMIT ?3"))
            ->with(principal, first_id(wall_clock_us() - static_cast<std::int64_t>(hours) * kHour), kMostRead);
    std::vector<api::Approval> out;
    while (TRY(row.next())) {
        auto approval = codec::decode<api::Approval>(row.text(0));
        const auto detail = codec::decode<api::Approval>(row.text(1));
        if (!approval || !detail) continue; // damaged: no reason to tell nothing
        approval->offer = detail->offer;
        out.push_back(std::move(*approval));
    }
    return out;
}

Result<api::ApprovalStats> Stats::of(const std::string& principal, std::uint64_t hours) {
    api::ApprovalStats stats;
    stats.counts = TRY(counts_.list(principal, hours));
    const auto requests = TRY(answered(principal, hours));
    stats.suggestions = suggest(requests);
    stats.median_answer_ms = median_answer(requests);
    return stats;
}

} // namespace owhale::approvals
