#include "audit/index/stats.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "audit/filter_words.hpp"
#include "audit/index/hours.hpp"
#include "audit/moment.hpp"

namespace owhale::audit::index {
namespace {

constexpr std::size_t kMostNames = 200;
constexpr std::uint64_t kMostCounted = 2'000'000; // events that are counted one by one, about a second of work

// None: any.
using Chosen = std::optional<std::vector<std::uint64_t>>;

bool is_in(const Chosen& chosen, std::uint64_t number) {
    return !chosen || std::ranges::find(*chosen, number) != chosen->end();
}

// Counts by the numbers of words, which are small but for a few.
class ByNumber {
public:
    void add(std::uint64_t number, std::uint64_t count) {
        if (number >= kSmall)
            large_[number] += count;
        else if (number < small_.size())
            small_[number] += count;
        else
            (small_.resize(number + 1024), small_[number] = count);
    }
    // Calls `take(number, count)` for each that was added, until it fails.
    template <typename Take> Status each(Take take) const {
        for (std::uint64_t number = 0; number < small_.size(); ++number)
            if (small_[number] != 0) CHECK(take(number, small_[number]));
        for (const auto& [number, count] : large_) CHECK(take(number, count));
        return {};
    }

private:
    static constexpr std::uint64_t kSmall = 65'536;
    std::vector<std::uint64_t> small_;
    std::unordered_map<std::uint64_t, std::uint64_t> large_;
};

class Counter {
public:
    Counter(Sources& sources, Times times) : sources_(sources), times_(times) {}

    Result<Stats> count(const StatsQuery& query) {
        event_ = TRY(wanted(Word::event, query.event));
        outcome_ = TRY(wanted(Word::outcome, query.outcome));
        if (!query.principal.empty()) principal_ = TRY(sources_.truth.principal(query.principal));
        run_ = query.principal.starts_with("run:");
        const auto last = TRY(sources_.truth.last());
        // A run among all runs is not told apart by the hours.
        const auto through = sources_.index && !run_ ? TRY(standing(*sources_.index)).through : 0;
        CHECK(count_indexed(std::min(through, last)));
        CHECK(count_one_by_one(times_, {through + 1, last}));
        if (stats_.complete) stats_.through = last;
        return told();
    }

private:
    Result<Chosen> wanted(Word word, const std::string& list) {
        const auto words = list.empty() ? std::nullopt : chosen(word, list);
        if (!words) return std::nullopt;
        return TRY(sources_.truth.numbers(*words));
    }

    Status count_indexed(std::uint64_t through) {
        stats_.through = through;
        if (through == 0 || times_.since >= times_.until) return {};
        // The hours that lie in the time as a whole.
        const bool open = times_.since == Times().since, endless = times_.until == Times().until;
        const auto first = open ? hour_of(times_.since) : hour_of(times_.since - 1) + 1;
        const auto end = hour_of(times_.until);
        const Span indexed{1, through};
        if (first > end || (first == end && !open && !endless)) return count_one_by_one(times_, indexed);
        CHECK(count_hours(first, end));
        if (!open) CHECK(count_one_by_one({times_.since, first * kHour}, indexed));
        if (!endless) CHECK(count_one_by_one({end * kHour, times_.until}, indexed));
        return {};
    }

    Status count_hours(std::int64_t first, std::int64_t end) {
        auto find = TRY(sources_.index->prepare("SELECT hour, counts FROM hours WHERE hour >= ? AND hour < ?"));
        auto row = find.with(first, end);
        while (TRY(row.next())) {
            const auto hour = row.integer(0);
            CHECK(each_cell(row.blob(1), [&](Cell cell, std::uint64_t count) {
                if (principal_ && cell.principal == kOthers) stats_.complete = false; // who it was is not kept
                add(hour, cell, count);
            }));
        }
        return {};
    }

    Status count_one_by_one(Times times, Span within) {
        if (times.since >= times.until) return {};
        for (const auto& span : TRY(sources_.truth.spans(times, within))) {
            const bool ended = TRY(sources_.truth.each(span, false, false, [&](const Facts& facts, const auto&) {
                if (counted_++ == kMostCounted) return true;
                if (times.has(facts.time)) add(hour_of(facts.time), {facts.event, facts.principal, facts.outcome}, 1);
                return false;
            }));
            if (ended) stats_.complete = false;
            if (ended) return {};
            stats_.through = std::max(stats_.through, span.last);
        }
        return {};
    }

    void add(std::int64_t hour, Cell cell, std::uint64_t count) {
        if (!is_in(event_, cell.event) || !is_in(principal_, cell.principal) || !is_in(outcome_, cell.outcome)) return;
        stats_.total += count;
        if (hour != hour_ || sum_ == nullptr) sum_ = &hours_[hour_ = hour]; // they come by the thousand
        *sum_ += count;
        events_.add(cell.event, count);
        principals_.add(cell.principal, count);
        outcomes_.add(cell.outcome, count);
    }

    Result<std::string> name_of(std::uint64_t number) {
        if (number == kRuns) return "run:*";
        if (number == kOthers) return "others";
        auto name = TRY(sources_.truth.word(number));
        if (name.starts_with("run:") && !run_) return "run:*";
        return name;
    }

    Result<Stats::Counted> named(const ByNumber& counts) {
        std::map<std::string, std::uint64_t> sums;
        CHECK(counts.each([&](std::uint64_t number, std::uint64_t count) -> Status {
            sums[TRY(name_of(number))] += count;
            return {};
        }));
        Stats::Counted out(sums.begin(), sums.end());
        std::ranges::stable_sort(out, std::greater(), &std::pair<std::string, std::uint64_t>::second);
        if (out.size() <= kMostNames) return out;
        std::uint64_t others = 0;
        for (std::size_t i = kMostNames; i < out.size(); ++i) others += out[i].second;
        out.resize(kMostNames);
        const auto known = std::ranges::find(out, "others", &std::pair<std::string, std::uint64_t>::first);
        if (known == out.end())
            out.emplace_back("others", others);
        else
            known->second += others;
        return out;
    }

    Result<Stats> told() {
        stats_.by_event = TRY(named(events_));
        stats_.by_principal = TRY(named(principals_));
        stats_.by_outcome = TRY(named(outcomes_));
        for (const auto& [hour, count] : hours_) stats_.by_hour.emplace_back(hour * kHour, count);
        return std::move(stats_);
    }

    Sources& sources_;
    const Times times_;
    Chosen event_, principal_, outcome_;
    bool run_ = false;
    std::uint64_t counted_ = 0;
    ByNumber events_, principals_, outcomes_;
    std::map<std::int64_t, std::uint64_t> hours_;
    std::int64_t hour_ = 0; // the last one that was counted, and its sum
    std::uint64_t* sum_ = nullptr;
    Stats stats_;
};

Result<Times> times_of(const StatsQuery& query) {
    Times times;
    if (!query.since.empty()) times.since = TRY(moment_of(query.since, "since"));
    if (!query.until.empty()) times.until = TRY(moment_of(query.until, "until"));
    return times;
}

} // namespace

Result<Stats> count_events(Sources& sources, const StatsQuery& query) {
    const auto times = TRY(times_of(query));
    CHECK(sources.truth.begin());
    const auto log = sources.truth.ending();
    if (sources.index) (void)sources.index->execute("BEGIN");
    auto stats = Counter(sources, times).count(query);
    if (!sources.index) return stats;
    sources.index_failed = !stats && stats.error().message.starts_with(sources.index->path());
    (void)sources.index->execute("COMMIT");
    return stats;
}

} // namespace owhale::audit::index
