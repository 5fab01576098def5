#include "spawner/pool.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "spawner/forbidden.hpp"

namespace owhale::spawner {
namespace {

constexpr std::int64_t kIdleNs = 30'000'000'000;   // without a run of that key
constexpr std::int64_t kOldestNs = 60'000'000'000; // of one jail
constexpr std::int64_t kReapNs = 100'000'000;
constexpr std::int64_t kRefillNs = 20'000'000;  // after a jail was taken, unless its run has ended before
constexpr std::int64_t kAfterEndNs = 4'000'000; // what is left to do for that run comes first
constexpr std::int64_t kLookNs = 1'000'000'000; // between two looks at idle ones and at the memory
constexpr std::size_t kMaxKeys = 16;
constexpr unsigned kPressure = 10; // percent of the last ten seconds in which something waited for memory

// "some avg10=1.23 …" (Documentation/accounting/psi.rst); 0 where the kernel does not tell.
unsigned pressure(const std::string& text) {
    constexpr std::string_view kBegin = "some avg10=";
    unsigned value = 0;
    if (text.starts_with(kBegin)) std::from_chars(text.data() + kBegin.size(), text.data() + text.size(), value);
    return value;
}

// OWHALE_POOL, in the spawner that is built for tests alone: "off", or "only": who can have a prepared jail waits for one.
bool tests_want([[maybe_unused]] const char* mode) {
#ifdef OWHALE_FAULTS
    const char* wanted = ::getenv("OWHALE_POOL");
    return wanted != nullptr && std::strcmp(wanted, mode) == 0;
#else
    return false;
#endif
}

} // namespace

Status Pool::open() {
    if (options_.pool == 0 || tests_want("off")) return {};
    std::vector<std::string> masks;
    for (const auto& folder : surroundings_.system_paths) {
        watched_.push_back(folder);
        for (auto& path : masks_below(folder, options_.forbid)) masks.push_back(std::move(path));
    }
    watched_.insert(watched_.end(), masks.begin(), masks.end());
    mounts_.reset(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
    if (!mounts_) return fail_errno("/proc/self/mountinfo");
    marks_ = look();
    CHECK(jailer_.start(surroundings_, masks));
    return loop_.watch(jailer_.fd(), Source::jailer, 0, EPOLLIN);
}

std::vector<Pool::Mark> Pool::look() const {
    std::vector<Mark> marks;
    marks.reserve(watched_.size());
    for (const auto& path : watched_) {
        struct stat st{};
        marks.push_back(::lstat(path.c_str(), &st) == 0 ? Mark{st.st_dev, st.st_ino} : Mark{});
    }
    return marks;
}

// Whether a cage that is built now would show something else than one that was built when marks_ were taken.
bool Pool::has_moved() {
    pollfd table{mounts_.get(), POLLPRI, 0};
    const bool mounted = ::poll(&table, 1, 0) != 0; // POLLERR and POLLPRI, once for each change
    auto marks = look();
    if (!mounted && marks == marks_) return false;
    marks_ = std::move(marks);
    return true;
}

Pool::Demand& Pool::demand_for(const JailKey& key, std::int64_t now) {
    auto at = std::ranges::find(demand_, key, &Demand::key);
    if (at == demand_.end()) {
        demand_.push_front({key, 0, now});
    } else {
        demand_.splice(demand_.begin(), demand_, at);
    }
    if (demand_.size() > kMaxKeys) {
        give_up_all(demand_.back().key);
        demand_.pop_back();
    }
    return demand_.front();
}

std::size_t Pool::held(const JailKey& key) const {
    const auto of_key = [&](const auto& jail) { return jail->key == key; };
    return static_cast<std::size_t>(std::ranges::count_if(jails_, of_key)) + (asked_ && asked_->key == key ? 1 : 0);
}

std::unique_ptr<Prepared> Pool::take(const JailKey& key) {
    if (!jailer_.works()) return {};
    const auto now = monotonic_ns();
    auto& demand = demand_for(key, now);
    demand.last_ns = now;
    refill_ns_ =
        refill_ns_ == 0 ? now + kRefillNs : std::min(refill_ns_, now + kRefillNs); // who asks often is served, too
    drop_what_is_void();
    auto jail = find(key, true);
#ifdef OWHALE_FAULTS
    if (!jail && tests_want("only")) return wait_for(key);
#endif
    if (jail) return jail;
    demand.want = std::clamp<std::size_t>(2 * demand.want, 1, options_.pool); // the next time there are more
    return make_now(key);
}

std::unique_ptr<Prepared> Pool::find(const JailKey& key, bool ready) {
    const auto at = std::ranges::find_if(jails_, [&](const auto& jail) {
        pollfd end{jail->process.get(), POLLIN, 0};
        return jail->ready == ready && jail->key == key && ::poll(&end, 1, 0) == 0;
    });
    if (at == jails_.end()) return {};
    auto jail = std::move(*at);
    jails_.erase(at);
    loop_.unwatch(jail->setup.get());
    return jail;
}

bool Pool::is_all_there_is() {
    return tests_want("only");
}

void Pool::refill() {
    if (refill_ns_ != 0) refill_ns_ = std::min(refill_ns_, monotonic_ns() + kAfterEndNs);
}

// Who came last is served first; the oldest of another key makes room.
std::optional<JailKey> Pool::wanted() const {
    for (const auto& demand : demand_)
        if (held(demand.key) < demand.want) return demand.key;
    return {};
}

void Pool::give_up_all(const JailKey& key) {
    for (auto at = jails_.begin(); at != jails_.end();) {
        auto jail = std::move(*at);
        if (jail->key == key) {
            at = jails_.erase(at);
            give_up(std::move(jail));
        } else {
            *at++ = std::move(jail);
        }
    }
    if (asked_ && asked_->key == key) asked_is_void_ = true;
}

void Pool::drop_jails() {
    for (auto& jail : jails_) give_up(std::move(jail));
    jails_.clear();
    if (asked_) asked_is_void_ = true;
}

void Pool::drop_what_is_void() {
    if (has_moved()) drop_jails();
}

void Pool::drain() {
    drop_jails();
    demand_.clear();
}

bool Pool::is_short_of_memory() const {
    return pressure(read_file("/proc/pressure/memory", 4096).value_or("")) >= kPressure;
}

void Pool::tick(std::int64_t now) {
    if (!ending_.empty()) reap();
    if (now >= next_look_ns_ && !demand_.empty()) {
        next_look_ns_ = now + kLookNs;
        if (is_short_of_memory()) {
            drain();
            sleep(now);
        }
        while (!demand_.empty() && now - demand_.back().last_ns > kIdleNs) {
            give_up_all(demand_.back().key);
            demand_.pop_back();
        }
        while (!jails_.empty() && jails_.front()->ready && now - jails_.front()->made_ns > kOldestNs) {
            auto old = std::move(jails_.front());
            jails_.pop_front();
            give_up(std::move(old));
            refill_ns_ = now;
        }
    }
    if (refill_ns_ == 0 || now < refill_ns_ || now < asleep_until_ns_ || asked_ || !jailer_.works()) return;
    asleep_until_ns_ = 0;
    const auto key = wanted();
    if (!key) {
        refill_ns_ = 0;
        return;
    }
    drop_what_is_void();
    if (const auto asked = ask(*key); !asked || !asked_) sleep(now);
}

std::int64_t Pool::next_deadline(std::int64_t latest) const {
    if (!demand_.empty()) latest = std::min(latest, next_look_ns_);
    if (!ending_.empty()) latest = std::min(latest, monotonic_ns() + kReapNs);
    if (refill_ns_ != 0 && !asked_ && jailer_.works())
        latest = std::min(latest, std::max(refill_ns_, asleep_until_ns_));
    return latest;
}

void Pool::end_all() {
    drain();
    if (asked_) give_up(std::move(asked_)); // it sees our end of the channel closed
    jailer_.end();
    for (int i = 0; i < 100 && !ending_.empty(); ++i) {
        reap();
        if (!ending_.empty()) ::usleep(10'000);
    }
}

} // namespace owhale::spawner
