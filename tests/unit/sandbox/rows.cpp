#include "sandbox/run_rows.hpp"

#include "base/uuid.hpp"
#include "checks.hpp"
#include "folder.hpp"
#include "sandbox/kept.hpp"
#include "store/migrations.hpp"

using namespace owhale;
using namespace owhale::sandbox;

namespace {

api::Run run_of(const std::string& principal, const std::string& state = "starting") {
    api::Run run;
    run.id = to_string(make_uuid());
    run.principal = principal;
    run.state = state;
    run.command = {"id", "ä\n"};
    return run;
}

struct Opened {
    test::Folder folder;
    store::Database database = std::move(*store::Database::open(folder / "state.db", store::Durability::process));
    Opened() { REQUIRE(store::migrate(database, "state")); }
};

} // namespace

TEST_CASE("a row goes in live, ends, is found, and goes") {
    Opened opened;
    RunRows rows(opened.database);
    auto run = run_of("unix:1");
    REQUIRE(rows.insert(run, 10));
    CHECK_EQ(rows.live()->size(), 1);
    run.state = "exited";
    run.exit_code = 3;
    REQUIRE(rows.finish(run, 20, 100));
    CHECK(rows.live()->empty());
    const auto found = rows.find(run.id);
    REQUIRE(found);
    REQUIRE(*found);
    CHECK_EQ((*found)->exit_code, 3);
    CHECK_EQ((*found)->command, run.command);
    CHECK_EQ(*rows.count(), 1);
    REQUIRE(rows.remove(run.id));
    CHECK_FALSE(*rows.find(run.id));
}

TEST_CASE("a run that never lived gets its row at its end, and one that waited goes on in its own") {
    Opened opened;
    RunRows rows(opened.database);
    auto denied = run_of("unix:1", "denied");
    REQUIRE(rows.finish(denied, 20, 0));
    CHECK(rows.live()->empty());
    REQUIRE_EQ((*rows.find(denied.id))->state, "denied");

    auto asked = run_of("unix:1", "waiting_approval");
    REQUIRE(rows.insert(asked, 30));
    asked.state = "starting";
    REQUIRE(rows.insert(asked, 40));
    REQUIRE_EQ(rows.live()->size(), 1);
    CHECK_EQ(rows.live()->front().state, "starting");
    CHECK_EQ(*rows.count(), 2);
}

TEST_CASE("lists are one principal's, newest first, page by page") {
    Opened opened;
    RunRows rows(opened.database);
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) {
        const auto run = run_of("unix:1");
        REQUIRE(rows.insert(run, i));
        ids.insert(ids.begin(), run.id);
    }
    REQUIRE(rows.insert(run_of("unix:2"), 9));
    std::sort(ids.rbegin(), ids.rend());
    const auto first = rows.list({"unix:1", "", "", 3});
    REQUIRE_EQ(first->size(), 3);
    CHECK_EQ((*first)[0].id, ids[0]);
    const auto second = rows.list({"unix:1", "", (*first)[2].id, 3});
    REQUIRE_EQ(second->size(), 2);
    CHECK_EQ((*second)[1].id, ids[4]);
    CHECK_EQ(rows.list({"", "", "", 100})->size(), 6);
    CHECK(rows.list({"unix:1", "exited", "", 100})->empty());
}

TEST_CASE("what a principal's runs asked for is listed among its own, and nobody else's") {
    Opened opened;
    RunRows rows(opened.database);
    const auto parent = run_of("unix:1"), others = run_of("unix:2");
    for (const auto& run : {parent, others}) REQUIRE(rows.insert(run, 1));
    std::vector<std::string> own{parent.id};
    for (int i = 0; i < 4; ++i) {
        const auto child = run_of("run:" + (i < 3 ? parent.id : others.id));
        REQUIRE(rows.insert(child, 2));
        if (i < 3) own.push_back(child.id);
    }
    REQUIRE(rows.insert(run_of("run:nobody"), 3)); // whose maker's row has gone
    std::ranges::sort(own, std::ranges::greater());
    std::vector<std::string> paged;
    for (std::string before; paged.size() < own.size();) {
        const auto page = rows.list({"unix:1", "", before, 3});
        REQUIRE(page);
        REQUIRE_FALSE(page->empty());
        for (const auto& run : *page) paged.push_back(run.id);
        before = paged.back();
    }
    CHECK_EQ(paged, own);
    CHECK_EQ(rows.list({"unix:2", "", "", 9})->size(), 2);
    CHECK(rows.list({"unix:3", "", "", 9})->empty());
}

TEST_CASE("output over keep-bytes goes, the oldest first, with a sixteenth of room") {
    Opened opened;
    RunRows rows(opened.database);
    config::Settings settings;
    settings.state_dir = opened.folder / "";
    settings.keep_bytes = 160;
    auto kept = Kept::open(settings);
    REQUIRE(kept);
    const auto ends = [&](std::uint64_t bytes) {
        const auto run = run_of("unix:1", "exited");
        REQUIRE(rows.insert(run, 1));
        REQUIRE(rows.finish(run, 2, bytes));
        kept->hold_to_quota(rows, "unix:1", bytes);
    };
    for (int i = 0; i < 3; ++i) ends(50);
    CHECK_EQ(*rows.kept_by("unix:1"), 150);
    ends(50);
    CHECK_EQ(*rows.kept_by("unix:1"), 150);
    ends(10); // as much as fits is not counted anew
    CHECK_EQ(*rows.kept_by("unix:1"), 160);
    ends(1);
    CHECK_LE(*rows.kept_by("unix:1"), 150);
    CHECK_EQ(*rows.kept_by("unix:2"), 0);
}

TEST_CASE("old rows, and output over the quota, are named oldest included") {
    Opened opened;
    RunRows rows(opened.database);
    std::vector<api::Run> runs;
    for (int i = 0; i < 3; ++i) {
        runs.push_back(run_of("unix:1", "exited"));
        REQUIRE(rows.insert(runs.back(), i));
    }
    std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    for (int i = 0; i < 3; ++i) REQUIRE(rows.finish(runs[static_cast<std::size_t>(i)], 100 + i, 50));
    CHECK_EQ(*rows.ended_before(101), std::vector<std::string>{runs[0].id});
    CHECK_EQ(*rows.over_quota("unix:1", 100), std::vector<std::string>{runs[0].id});
    CHECK(rows.over_quota("unix:1", 150)->empty());
    CHECK(rows.over_quota("unix:2", 0)->empty());
    REQUIRE(rows.forget_output(runs[0].id));
    CHECK(rows.over_quota("unix:1", 100)->empty());
}

TEST_CASE("an idempotency key is one principal's and has an age") {
    Opened opened;
    RunRows rows(opened.database);
    REQUIRE(rows.keep_key("unix:1", "k", {"run", "digest"}, 100));
    CHECK_EQ((*rows.find_key("unix:1", "k", 50))->run, "run");
    CHECK_FALSE(*rows.find_key("unix:2", "k", 50));
    CHECK_FALSE(*rows.find_key("unix:1", "k", 101)); // too old by now
}
