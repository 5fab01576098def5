// Events per second that are on disk when they are acknowledged: the log with 1, 8 and 64 writers, against one SQLite
// transaction each and against what the disk itself can do. All of it taken in turns, so that a busy machine slows all.
//
//   bench-audit-writer [FOLDER [ROUNDS [MILLISECONDS]]]      FOLDER: on the disk that is meant
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include "audit/log.hpp"
#include "base/clock.hpp"
#include "base/fd.hpp"
#include "store/database.hpp"
#include "store/transaction.hpp"

using namespace owhale;
namespace asio = boost::asio;

namespace {

std::int64_t span_ns = 400'000'000; // of one measurement

struct Rate {
    double per_second = 0;
    double cpu_us = 0; // of each
    double p50_ms = 0, p99_ms = 0;
};

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

double cpu_us() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto us = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return us(usage.ru_utime) + us(usage.ru_stime);
}

// A run's intent as it is in life: about 900 bytes of JSON.
audit::Event event_of(std::size_t n) {
    audit::Event event{"run.intent", "unix:1000", "runs.create", "pending", "0193a6a0-0000-7000-8000-000000000001", {}};
    event.data["command"] = {"git", "commit", "-m",
                             "a message that says at some length what was done, and why it had to be done, as number " +
                                 std::to_string(n)};
    event.data["command_digest"] = std::string(64, 'a');
    event.data["cwd"] = "/home/someone/projects/of-theirs";
    event.data["profile"] = "default";
    event.data["profile_digest"] = std::string(64, 'b');
    event.data["program"] = "/usr/bin/git";
    event.data["program_digest"] = std::string(64, 'c');
    event.data["uid"] = 1000;
    event.data["verdict"] = "allow";
    event.data["rule"] = "development.git";
    event.data["reason"] = "It records what is in the workspace; nothing leaves the machine.";
    event.data["workspace"] = "/home/someone/projects/of-theirs";
    event.data["workspace_writable"] = true;
    event.data["net"] = "none";
    return event;
}

class Meter {
public:
    bool running() const { return monotonic_ns() - began_ < span_ns; }
    void took(std::int64_t since) { times_.push_back(static_cast<double>(monotonic_ns() - since) / 1e6); }
    Rate rate() {
        const auto seconds = static_cast<double>(monotonic_ns() - began_) / 1e9;
        const auto count = static_cast<double>(times_.size());
        std::ranges::sort(times_);
        const auto at = [&](double part) {
            return times_.empty() ? 0 : times_[static_cast<std::size_t>(part * (count - 1))];
        };
        return {count / seconds, (cpu_us() - cpu_) / std::max(1.0, count), at(0.5), at(0.99)};
    }

private:
    std::int64_t began_ = monotonic_ns();
    double cpu_ = cpu_us();
    std::vector<double> times_;
};

Rate disk(const std::string& folder, bool grows) {
    const auto path = folder + "/plain";
    const Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const std::string page(4096, 'x');
    constexpr off_t kMade = 4 << 20;
    for (off_t at = 0; !grows && at < kMade; at += 4096)
        if (::pwrite(fd.get(), page.data(), page.size(), at) < 0) give_up("cannot write " + path);
    ::fsync(fd.get());
    Meter meter;
    for (off_t at = 0; meter.running(); at = grows ? at + 4096 : (at + 4096) % kMade) {
        const auto began = monotonic_ns();
        if (::pwrite(fd.get(), page.data(), page.size(), at) < 0 || ::fdatasync(fd.get()) != 0)
            give_up("cannot write " + path);
        meter.took(began);
    }
    return meter.rate();
}

// The events alone: no hash, no index, no tree.
Rate transactions(store::Database& database) {
    auto insert = database.prepare("INSERT INTO events (json) VALUES (?)");
    Meter meter;
    for (std::size_t n = 0; meter.running(); ++n) {
        const auto began = monotonic_ns();
        const auto json = audit::canonical(event_of(n).data);
        auto transaction = database.begin();
        if (!transaction || !insert->with(*json).run() || !transaction->commit()) give_up("a transaction failed");
        meter.took(began);
    }
    return meter.rate();
}

asio::awaitable<void> writer(audit::Log& log, Meter& meter) {
    for (std::size_t n = 0; meter.running(); ++n) {
        const auto began = monotonic_ns();
        auto event = event_of(n);
        const auto written = co_await log.append(std::move(event));
        if (!written) give_up(to_line(written.error()));
        meter.took(began);
    }
}

Rate writers(audit::Log& log, int count) {
    asio::io_context io;
    Meter meter;
    for (int i = 0; i < count; ++i)
        asio::co_spawn(io, writer(log, meter), [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
    io.run();
    return meter.rate();
}

double middle(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

} // namespace

int main(int argc, char** argv) {
    const std::string base = argc > 1 ? argv[1] : "/var/tmp";
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 7;
    if (argc > 3) span_ns = std::atoll(argv[3]) * 1'000'000;
    auto folder = base + "/owhale-bench-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) give_up("cannot make a folder in " + base);
    auto log = audit::Log::open(folder);
    if (!log) give_up(to_line(log.error()));
    auto plain = store::Database::open(folder + "/plain.db", store::Durability::power);
    if (!plain || !plain->execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, json TEXT)")) give_up("no database");
    struct Row {
        const char* name;
        std::function<Rate()> measure;
        std::vector<double> rates{}, cpu{}, p50{}, p99{};
    };
    std::vector<Row> rows;
    rows.push_back({"disk: append 4 KiB, fdatasync", [&] { return disk(folder, true); }});
    rows.push_back({"disk: overwrite 4 KiB, fdatasync", [&] { return disk(folder, false); }});
    rows.push_back({"one SQLite transaction each", [&] { return transactions(*plain); }});
    rows.push_back({"audit log, 1 writer", [&] { return writers(**log, 1); }});
    rows.push_back({"audit log, 8 writers", [&] { return writers(**log, 8); }});
    rows.push_back({"audit log, 64 writers", [&] { return writers(**log, 64); }});
    for (int round = 0; round < rounds; ++round)
        for (auto& row : rows) {
            const auto rate = row.measure();
            row.rates.push_back(rate.per_second);
            row.cpu.push_back(rate.cpu_us);
            row.p50.push_back(rate.p50_ms);
            row.p99.push_back(rate.p99_ms);
        }
    std::printf("%-34s %10s %10s %10s %9s %9s %9s\n", "durable, each second", "median", "of disk", "of SQLite",
                "cpu us", "p50 ms", "p99 ms");
    const auto ratio = [](const Row& row, const Row& to) {
        std::vector<double> out;
        for (std::size_t i = 0; i < row.rates.size(); ++i) out.push_back(row.rates[i] / to.rates[i]);
        return middle(out);
    };
    for (const auto& row : rows)
        std::printf("%-34s %10.0f %9.2fx %9.2fx %9.1f %9.2f %9.2f\n", row.name, middle(row.rates), ratio(row, rows[0]),
                    ratio(row, rows[2]), middle(row.cpu), middle(row.p50), middle(row.p99));
    log->reset();
    std::filesystem::remove_all(folder);
}
