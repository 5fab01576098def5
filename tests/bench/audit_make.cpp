// Makes an audit log of N events that look real, through the code that writes real ones. The same options give the same
// events. For benchmarks and for tests that need a large log.
//
//   audit-make DIR N [--seed S] [--days D] [--last UNIX_SECONDS] [--durable] [--quiet]
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <sodium.h>
#include <string>
#include <sys/stat.h>

#include "audit/log.hpp"
#include "audit/writer.hpp"
#include "audit_events.hpp"

using namespace owhale;

namespace {

constexpr std::size_t kMostUnderWay = 4096; // below what the writer lets wait
constexpr std::int64_t kDayUs = 86'400'000'000;

struct Options {
    std::string dir;
    std::uint64_t events = 0, seed = 1, days = 90;
    std::int64_t last_s = 1'795'000'000; // 2026-11-18: the same log on every day
    bool durable = false, quiet = false;
};

// What the writer has been given and has not finished yet; the first failure.
class UnderWay {
public:
    void begin() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return count_ < kMostUnderWay; });
        ++count_;
    }
    void end(const Result<std::uint64_t>& result) {
        const std::lock_guard lock(mutex_);
        if (!result && failure_.empty()) failure_ = to_line(result.error());
        --count_;
        if (count_ < kMostUnderWay / 2) changed_.notify_all();
    }
    std::string wait_for_all() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return count_ == 0; });
        return failure_;
    }
    bool failed() {
        const std::lock_guard lock(mutex_);
        return !failure_.empty();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t count_ = 0;
    std::string failure_;
};

Result<audit::Leaf> leaf_of(bench::Made made) {
    const auto name = audit::EventName::find(made.event);
    if (!name) return fail(Code::invalid_value, "no event has this name: " + made.event);
    audit::Leaf leaf;
    leaf.event = {*name, std::move(made.principal), std::move(made.verb), std::move(made.outcome), std::move(made.run),
                  {}};
    leaf.time = made.time_us;
    leaf.json = std::move(made.json);
    leaf.hash = audit::leaf_hash(leaf.json);
    return leaf;
}

void show_progress(const Options& options, std::uint64_t made, std::chrono::steady_clock::time_point began) {
    if (options.quiet || made == 0 || made % 500'000 != 0) return;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
    std::fprintf(stderr, "%llu events, %.0f/s\n", static_cast<unsigned long long>(made),
                 static_cast<double>(made) / spent.count());
}

Status make(const Options& options) {
    const auto first_us = options.last_s * 1'000'000 - static_cast<std::int64_t>(options.days) * kDayUs;
    bench::EventMaker maker(options.seed, options.events, first_us, static_cast<std::int64_t>(options.days) * kDayUs);
    auto writer =
        TRY(audit::Writer::open(options.dir, options.durable ? store::Durability::power : store::Durability::process));
    UnderWay under_way;
    const auto began = std::chrono::steady_clock::now();
    for (std::uint64_t made = 0; made < options.events && !under_way.failed(); ++made) {
        auto leaf = TRY(leaf_of(maker.next()));
        under_way.begin();
        writer->put(std::move(leaf), [&](Result<std::uint64_t> result) { under_way.end(result); });
        show_progress(options, made, began);
    }
    const auto failure = under_way.wait_for_all();
    if (!failure.empty()) return fail(Code::audit_unavailable, failure);
    writer.reset();
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
    if (!options.quiet)
        std::printf("made %llu events in %.1f s: %.0f/s\n", static_cast<unsigned long long>(options.events),
                    spent.count(), static_cast<double>(options.events) / spent.count());
    return {};
}

bool read_options(int argc, char** argv, Options& options) {
    if (argc < 3) return false;
    options.dir = argv[1];
    options.events = std::strtoull(argv[2], nullptr, 10);
    for (int i = 3; i < argc; ++i) {
        const std::string_view flag = argv[i];
        const bool valued = i + 1 < argc;
        if (flag == "--durable")
            options.durable = true;
        else if (flag == "--quiet")
            options.quiet = true;
        else if (flag == "--seed" && valued)
            options.seed = std::strtoull(argv[++i], nullptr, 10);
        else if (flag == "--days" && valued)
            options.days = std::strtoull(argv[++i], nullptr, 10);
        else if (flag == "--last" && valued)
            options.last_s = std::strtoll(argv[++i], nullptr, 10);
        else
            return false;
    }
    return options.events > 0;
}

} // namespace

int main(int argc, char** argv) {
    Options options;
    if (!read_options(argc, argv, options)) {
        std::fprintf(stderr,
                     "usage: audit-make DIR N [--seed S] [--days D] [--last UNIX_SECONDS] [--durable] [--quiet]\n");
        return 2;
    }
    if (sodium_init() < 0) return 1;
    ::mkdir(options.dir.c_str(), 0700);
    if (const auto done = make(options); !done) {
        std::fprintf(stderr, "audit-make: %s\n", to_line(done.error()).c_str());
        return 1;
    }
    return 0;
}
