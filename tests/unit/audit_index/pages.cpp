// Pages against a filter that looks at every event.
#include "audit/index/search.hpp"

#include <algorithm>
#include <random>

#include "audit/filter_words.hpp"
#include "audit/index/filler.hpp"
#include "audit/index/stats.hpp"
#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "truth_file.hpp"

using namespace owhale;
using audit::Query;
using test::Happened;
using test::TruthFile;
using Numbers = std::vector<std::uint64_t>;

namespace {

constexpr std::int64_t kStart = 1'795'000'000'000'000;
constexpr std::chrono::seconds kPlenty{60};

template <typename T> const T& one_of(const std::vector<T>& values, std::mt19937& random) {
    return values[random() % values.size()];
}

const std::vector<std::string> kEvents{"run.intent", "run.outcome", "user.login", "secret.use"},
    kPrincipals{"unix:1000", "unix:1001", "user:root", "run:01a218e1-7e3a-72e1-808f-c8f1bded66f8"},
    kVerbs{"runs.create", "users.login", ""}, kOutcomes{"ok", "denied", "exited"},
    kTexts{"rm -rf /home/a/.ssh/id_rsa",
           "git commit -m \"wip: \\ 100%\"",
           "curl https://10.0.0.1:8080/a.b.c",
           "ls",
           "rmdir --force Größe",
           "AND OR NOT NEAR(x) * ^ \" ' : { }",
           "data:run.intent"};
const std::vector<std::string> kRuns{"", to_string(make_uuid()), to_string(make_uuid()), "not-a-uuid"};

std::vector<Happened> random_events(std::size_t count, std::mt19937& random) {
    std::vector<Happened> out;
    auto time = kStart;
    for (std::size_t i = 0; i < count; ++i) {
        time += random() % 500 == 0 ? -7'200'000'000 : static_cast<std::int64_t>(random() % 20'000'000);
        out.push_back({time, one_of(kEvents, random), one_of(kPrincipals, random), one_of(kVerbs, random),
                       one_of(kOutcomes, random), one_of(kRuns, random), one_of(kTexts, random)});
    }
    return out;
}

Query random_query(std::mt19937& random, std::size_t count) {
    Query query;
    const auto maybe = [&](std::string& member, const std::vector<std::string>& values) {
        if (random() % 4 == 0) member = one_of(values, random);
    };
    maybe(query.event, {"run.intent", "run.*", "r*t", "*", "user.login,secret.use", "run.out*,user.login", "no.such"});
    maybe(query.principal, kPrincipals);
    maybe(query.verb, {"runs.create", "runs.*", "run*", "*"});
    maybe(query.outcome, {"ok", "denied", "denied,exited", "d*", "ex*,ok", "*"});
    maybe(query.run, kRuns);
    maybe(query.grep, {"rm", "rm -r", "-rf", "id_rsa", "RSA", "10.0.0.1", "/.ssh/", "zebra", "a", "\"", "AND", "100%",
                       "unix:1", "run.intent", "größe", "NEAR(x) *", "\xff\x80", std::string(256, 'x'), "x\x1fy"});
    maybe(query.since, {rfc3339(kStart + 3'600'000'000), rfc3339(kStart + 20'000'000'000)});
    maybe(query.until, {rfc3339(kStart + 7'200'000'000), rfc3339(kStart + 21'000'000'000)});
    if (random() % 3 == 0) query.after = random() % count;
    if (random() % 3 == 0) query.before = random() % count;
    query.limit = 1 + random() % 300;
    query.newest_first = random() % 2 == 0;
    return query;
}

// A pattern is of known words alone, but for "*", which is no filter.
bool is_any(audit::Word word, const std::string& values, const std::string& value) {
    if (values.empty()) return true;
    for (const auto part : audit::parts_of(values)) {
        const bool pattern = part.find('*') != part.npos;
        if (part == "*" || (audit::fits(part, value) && (!pattern || audit::is_known(word, value)))) return true;
    }
    return false;
}

Numbers naive(const TruthFile& log, const Query& query) {
    Numbers out;
    const audit::index::Needle needle(query.grep);
    for (std::uint64_t seq = 1; seq <= log.events().size(); ++seq) {
        const auto& one = log.events()[seq - 1];
        const bool times = (query.since.empty() || rfc3339(one.time) >= query.since) &&
                           (query.until.empty() || rfc3339(one.time) < query.until);
        if (times && (!query.after || seq > *query.after) && (!query.before || seq < *query.before) &&
            is_any(audit::Word::event, query.event, one.event) && is_any(audit::Word::verb, query.verb, one.verb) &&
            is_any(audit::Word::outcome, query.outcome, one.outcome) &&
            (query.principal.empty() || query.principal == one.principal) &&
            (query.run.empty() || query.run == one.run) && (query.grep.empty() || needle.in(test::body_of(one))))
            out.push_back(seq);
    }
    if (query.newest_first) std::ranges::reverse(out);
    return out;
}

audit::index::Sources sources_of(const TruthFile& log, bool indexed = true) {
    auto truth = audit::index::Truth::open(log.folder / "audit.db");
    REQUIRE(truth);
    audit::index::Sources out{std::move(*truth), {}, false};
    if (indexed)
        out.index.emplace(audit::index::open_index_to_read(audit::index::index_path(log.folder.path())).value());
    return out;
}

void fill(const TruthFile& log, std::uint64_t batch, std::uint64_t most) {
    auto filler = audit::index::Filler::open(log.folder.path());
    REQUIRE(filler);
    while ((*filler)->through() < most) {
        const auto added = (*filler)->add(batch);
        REQUIRE(added);
        if (*added == 0) return;
    }
}

// Page by page, as a client goes.
Numbers all_pages(audit::index::Sources& sources, Query query, std::chrono::microseconds budget) {
    Numbers out;
    for (std::size_t pages = 0; pages < 5000; ++pages) {
        const auto page = audit::index::find_page(sources, query, budget);
        REQUIRE(page);
        CHECK(page->rows.size() <= query.limit);
        for (const auto& row : page->rows) out.push_back(row.seq);
        if (page->complete) return out;
        (query.newest_first ? query.before : query.after) = page->searched_to;
    }
    FAIL("a query does not end");
    return out;
}

void compare(const TruthFile& log, audit::index::Sources& sources, std::mt19937& random, int queries,
             std::chrono::microseconds budget) {
    for (int i = 0; i < queries; ++i) {
        const auto query = random_query(random, log.events().size());
        const auto expected = naive(log, query);
        const auto found = all_pages(sources, query, budget);
        if (found == expected) continue;
        FAIL("event=" << query.event << " principal=" << query.principal << " verb=" << query.verb
                      << " outcome=" << query.outcome << " run=" << query.run << " grep=" << query.grep
                      << " since=" << query.since << " until=" << query.until << " newest=" << query.newest_first
                      << ": " << found.size() << " of " << expected.size());
    }
}

} // namespace

TEST_CASE("pages have what a look at every event finds: indexed, half indexed, and not at all") {
    std::mt19937 random(8);
    TruthFile log;
    log.add(random_events(3000, random));
    auto alone = sources_of(log, false);
    compare(log, alone, random, 150, kPlenty);
    fill(log, 700, 2000);
    auto half = sources_of(log);
    compare(log, half, random, 150, kPlenty);
    fill(log, 4096, 3000);
    auto whole = sources_of(log);
    compare(log, whole, random, 400, kPlenty);
    compare(log, whole, random, 30, std::chrono::microseconds(0)); // no time at all: still every event, in small pages
}

TEST_CASE("a device is found by the beginning or the end of its id, and what is none's or several's is refused") {
    const std::string laptop = "device:01a21c2e-1112-7341-9ff7-3a6bd7a210d2",
                      phone = "device:01a21c2e-2223-7341-9ff7-3a6b8359fcbb";
    TruthFile log;
    for (const auto& who : {laptop, phone, std::string("unix:8359"), std::string("user:a210d2")})
        log.add({{kStart, "run.intent", who, "runs.create", "ok", "", "x"}});
    auto sources = sources_of(log, false);
    const auto found = [&](const std::string& who) {
        Query query;
        query.principal = who;
        return audit::index::find_page(sources, query, kPlenty);
    };
    for (const auto* who :
         {"device:01a21c2e-1112-7341-9ff7-3a6bd7a210d2", "device:d7a210d2", "device:01a21c2e-1", "device:d2"}) {
        CAPTURE(who);
        const auto page = found(who);
        REQUIRE(page);
        REQUIRE(page->rows.size() == 1);
        CHECK(page->rows[0].seq == 1);
    }
    for (const auto* who : {"device:ffff", "device:01a21c2e", "device:%", "device:8359'"}) {
        CAPTURE(who);
        const auto page = found(who);
        REQUIRE_FALSE(page);
        CHECK(page.error().code == Code::invalid_value);
    }
    CHECK(found("device:01a21c2e-1112-7341-9ff7-3a6bd7a2ffff")->rows.empty()); // a whole id, of one that did nothing
    CHECK(found("unix:83")->rows.empty());
    audit::StatsQuery counted;
    counted.principal = "device:8359fcbb";
    CHECK(audit::index::count_events(sources, counted)->total == 1);
}

TEST_CASE("what has lost its body is found by its facts, and by no text") {
    std::mt19937 random(9);
    TruthFile log;
    log.add(random_events(600, random));
    fill(log, 600, 600);
    log.drop(300);
    {
        auto filler = audit::index::Filler::open(log.folder.path());
        CHECK_EQ((*filler)->forget().value(), true);
        CHECK_EQ((*filler)->forget().value(), false);
    }
    auto sources = sources_of(log);
    Query query;
    query.event = "run.intent";
    query.limit = 1000;
    const auto page = audit::index::find_page(sources, query, kPlenty);
    REQUIRE(page);
    Query same;
    same.event = "run.intent";
    CHECK_EQ(page->rows.size(), naive(log, same).size());
    CHECK(page->rows.back().json.empty());
    CHECK_FALSE(page->rows.front().json.empty());
    query.grep = "rm -rf";
    const auto texts = audit::index::find_page(sources, query, kPlenty);
    CHECK(std::ranges::all_of(texts->rows, [](const auto& row) { return row.seq > 300; }));
    CHECK_FALSE(texts->rows.empty());
}

TEST_CASE("counts are those of every event, to the microsecond at the ends") {
    std::mt19937 random(10);
    TruthFile log;
    log.add(random_events(4000, random));
    for (const std::uint64_t indexed : {0, 2500, 4000}) {
        if (indexed != 0) fill(log, 500, indexed);
        auto sources = sources_of(log, indexed != 0);
        for (int i = 0; i < 60; ++i) {
            auto query = random_query(random, 1);
            Query same;
            same.since = i % 2 == 0 ? rfc3339(kStart + static_cast<std::int64_t>(random() % 40'000) * 1'000'003) : "";
            same.until = i % 3 == 0 ? rfc3339(kStart + static_cast<std::int64_t>(random() % 60'000) * 1'000'003) : "";
            same.event = query.event;
            same.outcome = query.outcome;
            same.principal = query.principal;
            const auto stats =
                audit::index::count_events(sources, {same.since, same.until, same.principal, same.event, same.outcome});
            REQUIRE(stats);
            CHECK_EQ(stats->total, naive(log, same).size());
            CHECK(stats->complete);
            CHECK_EQ(stats->through, 4000);
            std::uint64_t hours = 0, outcomes = 0;
            for (const auto& [hour, count] : stats->by_hour) hours += count;
            for (const auto& [outcome, count] : stats->by_outcome) outcomes += count;
            CHECK_EQ(hours, stats->total);
            CHECK_EQ(outcomes, stats->total);
        }
    }
}
