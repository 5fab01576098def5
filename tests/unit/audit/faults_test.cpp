// The disk is full, broken or slow: events are refused and said to be, nothing is stuck, and it goes on by itself.
#include <boost/asio/post.hpp>
#include <cerrno>
#include <filesystem>

#include "audit/log.hpp"

#include "checks.hpp"
#include "disk.hpp"
#include "events.hpp"
#include "folder.hpp"

using namespace owhale;
using namespace owhale::test;
namespace asio = boost::asio;
namespace json = boost::json;

namespace {

struct Fault {
    const char* name;
    void (*begin)(Disk&);
    const char* said;
};

constexpr Fault kFaults[] = {
    {"full", [](Disk& disk) { disk.fail_writes(SQLITE_FULL, ENOSPC); }, "disk is full"},
    {"over quota", [](Disk& disk) { disk.fail_writes(SQLITE_IOERR_WRITE, EDQUOT); }, "audit.db"},
    {"turned read-only", [](Disk& disk) { disk.fail_writes(SQLITE_IOERR_WRITE, EROFS); }, "cannot be read or written"},
    {"broken", [](Disk& disk) { disk.fail_writes(SQLITE_IOERR_WRITE, EIO); }, "cannot be read or written"},
    {"not kept", [](Disk& disk) { disk.fail_syncs(SQLITE_IOERR_FSYNC, EIO); }, "cannot be read or written"},
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

json::object event_of(const audit::Row& row) {
    return json::parse(row.json).as_object();
}

} // namespace

TEST_CASE("what cannot be written is refused, can be read all the while, and is told once it is over") {
    for (const auto& fault : kFaults) {
        for (const auto later : {0, 1, 3, 6}) { // writes that succeed before the fault
            CAPTURE(fault.name);
            CAPTURE(later);
            Disk disk;
            const Folder folder;
            auto log = audit::Log::open(folder.path());
            REQUIRE(log);
            for (std::size_t n = 1; n <= 4; ++n) REQUIRE(appended(**log, numbered(n)));
            disk.fail_writes_after(later);
            fault.begin(disk);
            for (int again = 0; again < 3; ++again) {
                const auto refused = appended(**log, numbered(5));
                REQUIRE_FALSE(refused);
                CHECK_EQ(refused.error().code, Code::audit_unavailable);
                CHECK_MESSAGE(has(to_line(refused.error()), fault.said), to_line(refused.error()));
                CHECK_FALSE(refused.error().next.empty());
                CHECK_EQ(check_log(**log), 4);
                disk.fail_writes_after(0);
            }
            disk.heal();
            for (std::size_t n = 5; n <= 7; ++n) REQUIRE(appended(**log, numbered(n)));
            const auto rows = all_of(**log);
            CHECK_EQ(check_log(**log), 7);
            asio::io_context io; // the writer's own tree has forgotten what was refused
            const auto made = awaited(io, (*log)->checkpoint());
            REQUIRE(made);
            CHECK(made->root == root_of(std::span(rows).first(made->size)));
            std::size_t told = 0;
            for (const auto& row : rows) {
                const auto event = event_of(row);
                if (event.at("event") != "audit.recovered") continue;
                ++told;
                CHECK_EQ(number_of(rows.at(row.seq).json), 5); // first the outage, then what comes
                CHECK_EQ(event.at("data").at("refused").to_number<int>(), 3);
                CHECK(event.at("data").at("since").as_string() <= event.at("data").at("until").as_string());
                CHECK(has(std::string(event.at("data").at("why").as_string()), fault.said));
            }
            CHECK_EQ(told, 1);
            log->reset();
            log = audit::Log::open(folder.path());
            REQUIRE(log);
            CHECK_EQ(check_log(**log), 7);
        }
    }
}

TEST_CASE(
    "a run's start that waits for the disk is lost with what would have taken it there, and the tree is as before") {
    for (const auto& fault : kFaults) {
        CAPTURE(fault.name);
        Disk disk;
        const Folder folder;
        auto log = audit::Log::open(folder.path());
        REQUIRE(log);
        REQUIRE(appended(**log, numbered(1)));
        asio::io_context io;
        std::vector<bool> taken;
        const auto append = [&](audit::Event event) {
            asio::co_spawn(io, (*log)->append(std::move(event)),
                           [&](std::exception_ptr, const auto& seq) { taken.push_back(seq.has_value()); });
        };
        append({"run.start", "unix:1000", "runs.create", "running", "r", {}});
        io.poll();
        fault.begin(disk);
        append({"run.outcome", "unix:1000", "runs.create", "exited", "r", {}});
        io.run();
        CHECK_EQ(taken, std::vector{false, false});
        CHECK_EQ(check_log(**log), 1);
        disk.heal();
        REQUIRE(appended(**log, numbered(2)));
        const auto rows = all_of(**log);
        CHECK_EQ(rows.size(), 3); // the outage is told between
        REQUIRE_EQ(check_log(**log), 2);
        const auto made = awaited(io, (*log)->checkpoint());
        REQUIRE(made);
        CHECK(made->root == root_of(std::span(rows).first(made->size)));
    }
}

TEST_CASE("while the disk takes its time, the loop goes on, and what is there can be read") {
    Disk disk;
    disk.remember_only("audit.db");
    const Folder folder;
    auto log = audit::Log::open(folder.path());
    REQUIRE(log);
    REQUIRE(appended(**log, numbered(1)));
    disk.hold();
    asio::io_context io;
    bool written = false;
    asio::co_spawn(io, (*log)->append(numbered(2)), [&](std::exception_ptr, Result<std::uint64_t>) { written = true; });
    io.poll();
    disk.wait_until_held();
    int turns = 0; // of the loop, that an answer about health would need
    for (; turns < 100; ++turns) asio::post(io, [] {});
    io.poll();
    CHECK_FALSE(written);
    CHECK_EQ(check_log(**log), 1);
    CHECK_EQ((*log)->interrupted().value().size(), 1);
    disk.let_go();
    io.run();
    CHECK(written);
    CHECK_EQ(check_log(**log), 2);
}

TEST_CASE("more than can wait is refused at once, and counted") {
    constexpr std::size_t kQueue = 8192, kMore = 100;
    Disk disk;
    disk.remember_only("audit.db");
    const Folder folder;
    auto log = audit::Log::open(folder.path());
    REQUIRE(log);
    REQUIRE(appended(**log, numbered(1)));
    disk.hold();
    asio::io_context io;
    std::size_t taken = 0, refused = 0;
    const auto one = [&] {
        audit::Event event{"run.signal", "unix:1000", "runs.signal", "ok", "", {}};
        asio::co_spawn(io, (*log)->append(std::move(event)), [&](std::exception_ptr, Result<std::uint64_t> seq) {
            ++(seq ? taken : refused);
            if (!seq) CHECK(has(to_line(seq.error()), "wait to be written"));
        });
    };
    one();
    io.poll();
    disk.wait_until_held(); // the first is out of the queue
    for (std::size_t i = 0; i < kQueue + kMore; ++i) one();
    io.poll();
    CHECK_EQ(refused, kMore);
    disk.let_go();
    io.run();
    CHECK_EQ(taken, kQueue + 1);
    std::size_t told = 0;
    for (const auto& row : all_of(**log)) {
        const auto event = event_of(row);
        if (event.at("event") == "audit.recovered") told += event.at("data").at("refused").to_number<std::size_t>();
    }
    CHECK_EQ(told, kMore);
}

TEST_CASE("a log that cannot be opened says why") {
    Disk disk;
    const Folder folder;
    disk.fail_opens(SQLITE_CANTOPEN, EMFILE);
    const auto log = audit::Log::open(folder.path());
    REQUIRE_FALSE(log);
    CHECK_EQ(log.error().code, Code::state_unavailable);
    disk.heal();
    CHECK(audit::Log::open(folder.path()));
}
