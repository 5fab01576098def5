#include "approvals/prompt_counts.hpp"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace owhale::approvals {
namespace {

constexpr std::int64_t kHour = 3'600ll * 1'000'000;
constexpr std::size_t kMostRows = 10'000;

std::int64_t this_hour() {
    return wall_clock_us() / kHour;
}

// In the order of Asked.
#define COUNT_OF(column)                                                                                               \
    "INSERT INTO prompt_counts (principal, hour, " column ") VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET " column     \
    " = " column " + 1 RETURNING asked + throttled"
constexpr std::array kAdd = {COUNT_OF("asked"),  COUNT_OF("approved"),  COUNT_OF("denied"), COUNT_OF("expired"),
                             COUNT_OF("joined"), COUNT_OF("throttled"), COUNT_OF("granted")};
#undef COUNT_OF

} // namespace

Result<std::uint64_t> PromptCounts::add(const std::string& principal, Asked what, std::int64_t hour) {
    auto row = TRY(statements_.use(kAdd[static_cast<std::size_t>(what)]))->with(principal, hour);
    const bool some = TRY(row.next());
    const auto questions = some ? static_cast<std::uint64_t>(row.integer(0)) : 0;
    CHECK(row.run()); // to its end: only then it is committed
    return questions;
}

void PromptCounts::count(const std::string& principal, Asked what) {
    const auto questions = add(principal, what, this_hour());
    if (!questions) return log::error("a question could not be counted", {{"why", to_line(questions.error())}});
    const bool question = what == Asked::asked || what == Asked::throttled;
    if (question && *questions == parts_.settings.prompt_budget + 1) tell_flood(principal, *questions);
}

bool PromptCounts::over_budget(const std::string& principal) {
    auto statement = statements_.use("SELECT asked + throttled FROM prompt_counts WHERE principal = ?1 AND hour = ?2");
    if (!statement) return false; // then nothing can be stored, and nobody is asked anyway
    auto row = (*statement)->with(principal, this_hour());
    const auto some = row.next();
    return some && *some && static_cast<std::uint64_t>(row.integer(0)) >= parts_.settings.prompt_budget;
}

void PromptCounts::tell_flood(const std::string& principal, std::uint64_t questions) {
    log::warning("a principal asks more than its budget", {{"principal", principal}});
    audit::Event event{"approval.flooded", principal, "", "throttled", "", {}};
    event.data["requester"] = principal;
    event.data["questions"] = questions;
    event.data["budget"] = parts_.settings.prompt_budget;
    auto told = [](audit::Log& log, audit::Event flood) -> boost::asio::awaitable<void> {
        const auto written = co_await log.append(std::move(flood));
        if (!written) owhale::log::error(to_line(written.error()));
    }(parts_.audit, std::move(event));
    boost::asio::co_spawn(parts_.executor, std::move(told), boost::asio::detached);
}

Result<std::vector<api::PromptCount>> PromptCounts::list(const std::string& principal, std::uint64_t hours) {
    const auto from = this_hour() - static_cast<std::int64_t>(hours) + 1;
    auto row =
        TRY(statements_.use("SELECT principal, hour, asked, approved, denied, expired, joined, throttled, granted "
                            "FROM prompt_counts WHERE (?1 = '' OR principal = ?1) AND hour >= ?2 "
                            "ORDER BY hour DESC, principal LIMIT ?3"))
            ->with(principal, from, kMostRows);
    std::vector<api::PromptCount> out;
    while (TRY(row.next())) {
        const auto number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
        out.push_back({row.text(0), rfc3339(row.integer(1) * kHour), number(2), number(3), number(4), number(5),
                       number(6), number(7), number(8)});
    }
    return out;
}

Status PromptCounts::remove_before(std::int64_t us) {
    return TRY(statements_.use("DELETE FROM prompt_counts WHERE hour < ?1"))->with(us / kHour).run();
}

} // namespace owhale::approvals
