// How long pages of the audit log take, and counts of it, over a log that is there (audit-make, or a real one's copy).
// Makes the index first when it is not there, and says how fast.
//
//   bench-audit-query DIR [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <random>
#include <sys/stat.h>

#include "audit/index/filler.hpp"
#include "audit/index/stats.hpp"
#include "base/clock.hpp"

using namespace owhale;
using audit::Query;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds kBudget{25}; // as owhaled's

double milliseconds_since(Clock::time_point began) {
    return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

Status make_index(const std::string& dir) {
    auto filler = TRY(audit::index::Filler::open(dir));
    const auto began = Clock::now();
    const auto before = filler->through();
    while (TRY(filler->add(16'384)) != 0)
        if (filler->through() % (1u << 20) == 0)
            std::fprintf(stderr, "indexed %llu, %.0f/s\n", static_cast<unsigned long long>(filler->through()),
                         static_cast<double>(filler->through() - before) / milliseconds_since(began) * 1000);
    const auto added = filler->through() - before;
    if (added != 0)
        std::printf("indexed %llu events: %.0f/s\n", static_cast<unsigned long long>(added),
                    static_cast<double>(added) / milliseconds_since(began) * 1000);
    struct stat st{};
    if (::stat(audit::index::index_path(dir).c_str(), &st) == 0)
        std::printf("index: %.0f bytes an event\n",
                    static_cast<double>(st.st_size) /
                        static_cast<double>(std::max<std::uint64_t>(filler->through(), 1)));
    return {};
}

struct Timing {
    std::vector<double> pages;
    std::size_t rows = 0, incomplete = 0, whole = 0; // whole: pages that one query took to its end
};

void print(const char* name, Timing& timing) {
    std::ranges::sort(timing.pages);
    const auto at = [&](double share) {
        return timing.pages[static_cast<std::size_t>(share * static_cast<double>(timing.pages.size() - 1))];
    };
    std::printf("%-44s p50 %7.2f ms  p99 %7.2f ms  max %7.2f ms  %6.1f rows a page, %zu of %zu cut by time\n", name,
                at(0.5), at(0.99), timing.pages.back(),
                static_cast<double>(timing.rows) / static_cast<double>(timing.pages.size()), timing.incomplete,
                timing.pages.size());
}

struct Bench {
    audit::index::Sources sources;
    std::uint64_t last = 0;
    std::size_t rounds = 0;

    // Up to ten pages from a random place on, as a client reads.
    Status pages(const char* name, Query query) {
        std::mt19937_64 random(7);
        Timing timing;
        for (std::size_t round = 0; round < rounds; ++round) {
            query.before = round == 0 ? last + 1 : random() % last + 1;
            for (int page = 0; page < 10; ++page) {
                const auto began = Clock::now();
                const auto found = TRY(audit::index::find_page(sources, query, kBudget));
                timing.pages.push_back(milliseconds_since(began));
                timing.rows += found.rows.size();
                if (found.complete) break;
                timing.incomplete += found.rows.size() < query.limit ? 1 : 0;
                query.before = found.searched_to;
            }
        }
        print(name, timing);
        return {};
    }

    Status stats(const char* name, const audit::StatsQuery& query) {
        Timing timing;
        std::uint64_t total = 0;
        for (std::size_t round = 0; round < std::max<std::size_t>(rounds / 5, 3); ++round) {
            const auto began = Clock::now();
            const auto found = TRY(audit::index::count_events(sources, query));
            timing.pages.push_back(milliseconds_since(began));
            total = found.total;
        }
        std::ranges::sort(timing.pages);
        std::printf("%-44s p50 %7.2f ms  max %7.2f ms  %llu events\n", name, timing.pages[timing.pages.size() / 2],
                    timing.pages.back(), static_cast<unsigned long long>(total));
        return {};
    }

    // A time in the log, `share` of the way.
    Result<std::string> time_at(double share) {
        std::int64_t time = 0;
        const auto seq = static_cast<std::uint64_t>(share * static_cast<double>(last - 1)) + 1;
        CHECK(sources.truth.each({seq, seq}, false, false, [&](const audit::index::Facts& facts, const auto&) {
            time = facts.time;
            return true;
        }));
        return rfc3339(time);
    }
};

Query with(std::string Query::* member, std::string value) {
    Query query;
    query.*member = std::move(value);
    return query;
}

Status run(const std::string& dir, std::size_t rounds) {
    CHECK(make_index(dir));
    Bench bench{{TRY(audit::index::Truth::open(dir + "/audit.db")),
                 TRY(audit::index::open_index_to_read(audit::index::index_path(dir))), false},
                0,
                rounds};
    bench.last = TRY(audit::index::standing(*bench.sources.index)).through;
    CHECK(bench.pages("the newest", {}));
    CHECK(bench.pages("event run.outcome", with(&Query::event, "run.outcome")));
    CHECK(bench.pages("principal unix:1000", with(&Query::principal, "unix:1000")));
    CHECK(bench.pages("outcome denied", with(&Query::outcome, "denied")));
    CHECK(bench.pages("event run.* (some names)", with(&Query::event, "run.*")));
    auto both = with(&Query::principal, "unix:1000");
    both.outcome = "denied";
    CHECK(bench.pages("a common principal, a rarer outcome", both));
    both.grep = "rm -rf";
    both.since = TRY(bench.time_at(0.1));
    CHECK(bench.pages("the issue's: all filters at once", both));
    CHECK(bench.pages("grep 'rm -rf'", with(&Query::grep, "rm -rf")));
    CHECK(bench.pages("grep 'rm -r' (a prefix too short to be used)", with(&Query::grep, "rm -r")));
    CHECK(bench.pages("grep a path that nothing has", with(&Query::grep, "/home/a/.ssh/id_rsa")));
    CHECK(bench.pages("grep 're' (a common prefix of two)", with(&Query::grep, "re")));
    CHECK(bench.pages("grep 'r' (one letter: read through)", with(&Query::grep, "r")));
    CHECK(bench.pages("grep 'https'", with(&Query::grep, "https")));
    // The worst: words that half of the events have and that never meet, or meet in each but not as this text.
    CHECK(bench.pages("grep two common words that never meet", with(&Query::grep, "cgroup looks")));
    CHECK(bench.pages("grep two that meet, never as this text", with(&Query::grep, "ordinary.looking looks")));
    CHECK(bench.pages("grep a common beginning, never as this text", with(&Query::grep, "/ ordin")));
    auto never = with(&Query::principal, "unix:1000");
    never.event = "run.intent";
    never.outcome = "exited";
    CHECK(bench.pages("common facts that never meet", never));
    CHECK(bench.pages("grep what one in 100,000 has", with(&Query::grep, "# needle-")));
    CHECK(bench.pages("grep nothing has it", with(&Query::grep, "nobodyeverwrotethis")));
    CHECK(bench.pages("grep '&&&&' (no word: read through in vain)", with(&Query::grep, "&&&&")));
    auto until = with(&Query::event, "run.intent");
    until.until = TRY(bench.time_at(0.5));
    CHECK(bench.pages("until the middle", until));
    until.since = TRY(bench.time_at(0.5));
    until.until = TRY(bench.time_at(0.501));
    CHECK(bench.pages("a thousandth of the time", until));
    CHECK(bench.stats("stats of all", {}));
    CHECK(bench.stats("stats of a principal", {"", "", "unix:1000", "", ""}));
    CHECK(bench.stats("stats since the middle", {TRY(bench.time_at(0.5)), "", "", "", ""}));
    return {};
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: bench-audit-query DIR [ROUNDS]\n");
        return 2;
    }
    const auto status = run(argv[1], argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 50);
    if (status) return 0;
    std::fprintf(stderr, "%s\n", to_line(status.error()).c_str());
    return 1;
}
