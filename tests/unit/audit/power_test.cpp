// Power goes at any moment: what was acknowledged is there, nothing else is, and the log goes on.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "audit/leaf.hpp"
#include "audit/log.hpp"
#include "base/sign_key.hpp"
#include "store/migrations.hpp"
#include "store/transaction.hpp"

#include "checks.hpp"
#include "events.hpp"
#include "folder.hpp"
#include "power_cut.hpp"
#include "sanitized.hpp"

using namespace owhale;
using namespace owhale::test;
namespace asio = boost::asio;

namespace {

// So few pages before the write-ahead log goes into the database that a short life sees it often.
extern "C" int often_to_database(sqlite3* handle, const char**, const void*) {
    return ::sqlite3_exec(handle, "PRAGMA wal_autocheckpoint=40", nullptr, nullptr, nullptr);
}

class Often {
public:
    Often() { ::sqlite3_auto_extension(reinterpret_cast<void (*)()>(often_to_database)); }
    ~Often() { ::sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(often_to_database)); }
};

// Of what came before and after, by the count of the disk's acts.
struct Life {
    Image before, beside; // beside: files that are not the log's own
    std::vector<DiskAct> history;
    std::vector<std::size_t> asked; // [n-1]: when event n was given to the log
    std::vector<std::size_t> told;  // [n-1]: when its sequence was known
};

// Appends `many`: the first is being written when the others come, which are then written together.
void append(audit::Log& log, Disk& disk, Life& life, std::size_t many) {
    asio::io_context io;
    const auto first = life.asked.size();
    life.told.resize(first + many, std::string::npos);
    const auto one = [&](std::size_t n) {
        life.asked.push_back(disk.count());
        asio::co_spawn(io, log.append(numbered(n)), [&, n](std::exception_ptr, Result<std::uint64_t> seq) {
            if (seq) life.told[n - 1] = disk.count();
        });
    };
    if (many > 1) disk.hold();
    for (std::size_t i = 0; i < many; ++i) {
        one(first + i + 1);
        if (many == 1 || i != 0) continue;
        io.poll();
        disk.wait_until_held();
    }
    io.poll();
    disk.let_go();
    io.run();
}

// Opens what is left, reads it, goes on.
void check_left(const Life& life, std::size_t cut, Image left, const std::string& folder) {
    left.insert(life.beside.begin(), life.beside.end());
    write_image(left, folder);
    auto log = audit::Log::open(folder);
    REQUIRE_MESSAGE(log, (log ? std::string() : to_line(log.error())));
    const auto there = check_log(**log);
    const auto size = (*log)->size().value_or(0);
    std::size_t least = 0, most = 0;
    for (std::size_t i = 0; i < life.asked.size(); ++i) {
        if (life.told[i] <= cut) least = i + 1;
        if (life.asked[i] <= cut) most = i + 1;
    }
    CHECK_GE(there, least);
    CHECK_LE(there, most);
    CHECK_GT(appended(**log, numbered(there + 1)).value_or(0), size);
    asio::io_context io;
    const auto made = awaited(io, (*log)->checkpoint());
    REQUIRE(made);
    CHECK_GT(made->size, size);
    CHECK(made->root == (*log)->root_at(made->size));
}

// At `moments` of the life, each with every kind of loss.
void cut_everywhere(const Life& life, Disk& disk, std::size_t moments) {
    disk.remember(false);
    disk.skip_syncs(true);
    const Folder folder;
    PowerCut power(life.before, life.history);
    const auto all = life.history.size();
    const auto step = std::max<std::size_t>(1, all / moments);
    for (std::size_t cut = 0; cut <= all; cut += step) {
        power.go_to(cut);
        for (int loss = 0; loss < kLosses; ++loss) {
            const auto seed = static_cast<std::uint32_t>(cut * 31 + static_cast<std::size_t>(loss));
            std::mt19937 chance(seed);
            CAPTURE(cut);
            CAPTURE(loss);
            CAPTURE(seed);
            check_left(life, cut, power.image(static_cast<Loss>(loss), chance), folder.path());
        }
    }
    MESSAGE(all << " acts on the disk, cut at " << all / step + 1 << " of them, each with " << kLosses << " losses");
}

// What is not the log's database: the same at every cut, for it is made and synced before.
Image beside(const std::string& folder) {
    Image image = read_image(folder);
    std::erase_if(image, [](const auto& file) { return file.first.starts_with("audit.db"); });
    return image;
}

// As the first owhaled wrote it.
void make_old_log(const std::string& folder, std::size_t many) {
    auto database = store::Database::open(folder + "/audit.db", store::Durability::power);
    REQUIRE(database);
    REQUIRE(database->execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, applied TEXT NOT NULL) STRICT;"
                              "INSERT INTO migrations VALUES (1, '2026-01-01T00:00:00.000000Z')"));
    for (const auto& migration : store::migrations())
        if (migration.schema == "audit" && migration.number == 1)
            REQUIRE(database->execute(std::string(migration.sql)));
    auto insert = database->prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    REQUIRE(insert);
    for (std::size_t n = 1; n <= many; ++n) {
        const auto event = numbered(n);
        const std::string name(event.event.text()), time = "2026-01-01T00:00:00.000" + std::to_string(100 + n) + "Z";
        const auto json = audit::canonical(boost::json::object{{"data", event.data},
                                                               {"event", name},
                                                               {"id", "0193a6a0-0000-7000-8000-000000000001"},
                                                               {"outcome", event.outcome},
                                                               {"principal", event.principal},
                                                               {"run", event.run},
                                                               {"time", time},
                                                               {"v", 1},
                                                               {"verb", event.verb}});
        const auto hash = audit::leaf_hash(*json);
        REQUIRE(insert
                    ->with(n, std::span<const std::uint8_t>(hash), time, name, event.principal, event.verb,
                           event.outcome, event.run, *json)
                    .run());
    }
}

constexpr std::size_t kMoments = kAddressSanitized ? 20 : 100;

} // namespace

TEST_CASE("power goes after the disk had failed: what was acknowledged is there, refused or not what came before") {
    const Often often;
    Disk disk;
    disk.remember_only("audit.db");
    const Folder folder;
    Life life;
    {
        auto log = audit::Log::open(folder.path());
        REQUIRE(log);
        for (int round = 0; round < 6; ++round) {
            append(**log, disk, life, 2);
            const auto next = life.asked.size() + 1;
            const auto asked = disk.count();
            if (round % 2 == 0)
                disk.fail_syncs(SQLITE_IOERR_FSYNC, EIO);
            else
                disk.fail_writes(SQLITE_FULL, ENOSPC), disk.fail_writes_after(round);
            CHECK_FALSE(appended(**log, numbered(next)));
            disk.heal();
            append(**log, disk, life, 1); // the same once more
            life.asked[next - 1] = asked; // it may be there although it was refused: whoever asked does not know
        }
    }
    life.history = disk.history();
    life.beside = beside(folder.path());
    cut_everywhere(life, disk, kMoments / 2);
}

TEST_CASE("whenever power goes, what was acknowledged is there and the log goes on") {
    const Often often;
    Disk disk;
    disk.remember_only("audit.db");
    const Folder folder;
    Life life;
    for (const auto many :
         {7, 90, 2}) { // three lives: each end closes the log in order. More than 256 in all: a node is kept
        auto log = audit::Log::open(folder.path());
        REQUIRE(log);
        for (int wave = 0; wave < 9; ++wave)
            append(**log, disk, life, wave % 3 == 0 ? static_cast<std::size_t>(many) : 1);
    }
    life.history = disk.history();
    life.beside = beside(folder.path());
    cut_everywhere(life, disk, kMoments);
}

TEST_CASE("power goes while an older log is brought to the newest form: it is the old one or the new one") {
    constexpr std::size_t kMany = 300;
    const Folder folder;
    make_old_log(folder.path(), kMany);
    const Often often;
    Disk disk;
    disk.remember_only("audit.db");
    Life life;
    life.before = read_image(folder.path());
    life.asked.resize(kMany, 0);
    life.told.resize(kMany, 0);
    {
        auto log = audit::Log::open(folder.path());
        REQUIRE_MESSAGE(log, (log ? std::string() : to_line(log.error())));
        append(**log, disk, life, 3);
    }
    life.history = disk.history();
    life.beside = beside(folder.path());
    cut_everywhere(life, disk, kMoments / 2);
}
