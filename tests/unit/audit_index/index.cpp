#include "audit/index/index.hpp"

#include <filesystem>
#include <fstream>
#include <future>
#include <sys/stat.h>
#include <thread>

#include "truth_file.hpp"

using namespace owhale;
using test::Happened;
using test::TruthFile;

namespace {

constexpr std::int64_t kStart = 1'795'000'000'000'000;

std::vector<Happened> some(std::size_t count) {
    std::vector<Happened> out;
    for (std::size_t i = 0; i < count; ++i)
        out.push_back({kStart + static_cast<std::int64_t>(i) * 1'000'000, "run.intent", "unix:1000", "runs.create",
                       "pending", "", "make word" + std::to_string(i)});
    return out;
}

audit::Page page_of(audit::Index& index, audit::Query query, const std::string& asker = "unix:1000") {
    std::promise<Result<audit::Page>> promise;
    index.page(asker, std::move(query), [&](Result<audit::Page> page) { promise.set_value(std::move(page)); });
    auto page = promise.get_future().get();
    REQUIRE(page);
    return std::move(*page);
}

// How many there are in all pages: on a slow machine one ends before all is read.
std::size_t found(audit::Index& index, audit::Query query, const std::string& asker = "unix:1000") {
    for (std::size_t rows = 0;;) {
        const auto page = page_of(index, query, asker);
        rows += page.rows.size();
        if (page.complete) return rows;
        query.before = page.searched_to;
    }
}

audit::Query with_text(std::string text) {
    audit::Query query;
    query.grep = std::move(text);
    return query;
}

void wait_until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!holds() && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    REQUIRE(holds());
}

// An index that is up to date, and what it told.
struct Kept {
    explicit Kept(const TruthFile& log)
        : index(log.folder.path(), log.events().size(), [this](audit::Index::Rebuilt one) {
              const std::lock_guard lock(mutex);
              rebuilt.push_back(std::move(one));
          }) {
        index.nudge();
        wait_until([&] { return index.through() == log.events().size(); });
    }
    std::size_t told() {
        const std::lock_guard lock(mutex);
        return rebuilt.size();
    }
    std::mutex mutex;
    std::vector<audit::Index::Rebuilt> rebuilt;
    audit::Index index;
};

void overwrite(const std::string& path, std::size_t from, std::size_t count) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(from));
    file << std::string(count, '\x5a');
}

} // namespace

TEST_CASE("the index is a private file that follows the log; a missing one is made, and told") {
    TruthFile log;
    log.add(some(100));
    {
        Kept kept(log);
        wait_until([&] { return kept.told() == 1; });
        CHECK_EQ(kept.rebuilt[0].events, 100);
        struct stat st{};
        REQUIRE_EQ(::stat((log.folder / "audit-index.db").c_str(), &st), 0);
        CHECK_EQ(st.st_mode & 0777, 0600);
        log.add(some(50));
        CHECK_EQ(found(kept.index, with_text("word49")), 2); // before it is indexed
        kept.index.nudge();
        wait_until([&] { return kept.index.through() == 150; });
        CHECK_EQ(found(kept.index, with_text("word49")), 2);
    }
    Kept again(log);
    CHECK_EQ(again.told(), 0);
}

TEST_CASE("a damaged index is made again, at the start or while it is asked; answers are right meanwhile") {
    TruthFile log;
    log.add(some(3000));
    { const Kept kept(log); }
    const auto path = log.folder / "audit-index.db";
    SUBCASE("its head is gone") {
        overwrite(path, 0, 200);
    }
    SUBCASE("it is no database") {
        std::filesystem::resize_file(path, 10);
    }
    SUBCASE("it is cut off") {
        std::filesystem::resize_file(path, 8192);
    }
    SUBCASE("its pages are gone") {
        overwrite(path, 4096, std::filesystem::file_size(path) - 4096);
    }
    std::atomic<int> told = 0;
    audit::Index index(log.folder.path(), 3000, [&](audit::Index::Rebuilt) { ++told; });
    for (int i = 0; i < 3; ++i) CHECK_EQ(found(index, with_text("word1234")), 1);
    wait_until([&] {
        CHECK_EQ(found(index, with_text("word2345")), 1);
        return told == 1 && index.through() == 3000;
    });
    CHECK_EQ(found(index, with_text("word1234")), 1);
}

TEST_CASE("the index of another log is made again") {
    TruthFile one, other;
    one.add(some(200));
    auto events = some(300);
    events[0].text = "another";
    other.add(events);
    { const Kept kept(one); }
    std::filesystem::copy_file(one.folder / "audit-index.db", other.folder / "audit-index.db");
    Kept kept(other);
    wait_until([&] { return kept.told() == 1; });
    CHECK_EQ(found(kept.index, with_text("another")), 1);
}

TEST_CASE("one who asks much is told to wait; others are answered") {
    TruthFile log;
    log.add(some(500));
    Kept kept(log);
    std::atomic<int> busy = 0, answered = 0;
    for (int i = 0; i < 200; ++i)
        kept.index.page("unix:1", with_text("make"), [&](Result<audit::Page> page) {
            ++answered;
            if (!page && page.error().code == Code::busy && page.error().retry_after != 0) ++busy;
        });
    CHECK_EQ(found(kept.index, with_text("word7"), "unix:2"), 11); // word7, word70, …
    wait_until([&] { return answered == 200; });
    CHECK(busy > 0);
    CHECK(busy < 200);
}

TEST_CASE("a stopped index may be told of events, and still answers") {
    TruthFile log;
    log.add(some(100));
    Kept kept(log);
    kept.index.stop();
    log.add(some(50));
    kept.index.nudge();
    CHECK_EQ(found(kept.index, with_text("word49")), 2);
    CHECK_EQ(kept.index.through(), 100);
}

TEST_CASE("an index that goes away answers all who wait") {
    TruthFile log;
    log.add(some(500));
    std::atomic<int> answered = 0;
    {
        Kept kept(log);
        for (int i = 0; i < 20; ++i)
            kept.index.page(std::to_string(i), with_text("make"), [&](Result<audit::Page>) { ++answered; });
    }
    CHECK_EQ(answered, 20);
}
