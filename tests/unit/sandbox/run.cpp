#include "sandbox/run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <thread>

#include "base/files.hpp"
#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;
using namespace owhale::sandbox;
namespace asio = boost::asio;

namespace {

// A run whose pipes the test holds the other ends of.
struct Played {
    explicit Played(bool attach = false, std::uint64_t output_limit = 0) {
        Run::Birth birth;
        birth.id = "x";
        birth.folder = folder / "x";
        birth.keep = 1u << 20;
        birth.attach = attach;
        birth.output_limit = output_limit;
        run = std::make_shared<Run>(io.get_executor(), birth);
        run->enter(State::starting);
        run->enter(State::running);
        Started started;
        make_pipe(in, started.in, false);
        make_pipe(started.out, out, true);
        make_pipe(started.err, err, true);
        run->start_io(std::move(started));
    }
    void make_pipe(Fd& read, Fd& write, bool fill_without_waiting) {
        int ends[2];
        REQUIRE_EQ(::pipe2(ends, O_CLOEXEC), 0);
        read.reset(ends[0]);
        write.reset(ends[1]);
        if (fill_without_waiting)
            ::fcntl(write.get(), F_SETFL, O_NONBLOCK);
        else
            ::fcntl(read.get(), F_SETFL, O_NONBLOCK);
    }
    void poll() {
        io.restart();
        io.poll();
    }
    // Writes until nobody takes more; how much went.
    std::size_t flood(int fd, std::size_t most) {
        const std::string chunk(16'384, 'x');
        std::size_t total = 0;
        for (int idle = 0; idle < 3 && total < most; poll()) {
            const auto n = ::write(fd, chunk.data(), chunk.size());
            idle = n > 0 ? 0 : idle + 1;
            if (n > 0) total += static_cast<std::size_t>(n);
        }
        return total;
    }
    test::Folder folder;
    asio::io_context io;
    Fd in, out, err;
    std::shared_ptr<Run> run;
};

} // namespace

TEST_CASE("who comes before the streams are there waits for them, or for the end of a run that gets none") {
    for (const State next : {State::running, State::failed}) {
        asio::io_context io;
        Run::Birth birth;
        birth.id = "x";
        const auto run = std::make_shared<Run>(io.get_executor(), birth);
        bool started = false;
        asio::co_spawn(
            io,
            [&]() -> asio::awaitable<void> {
                co_await run->until_started();
                started = true;
            },
            asio::detached);
        run->enter(State::starting);
        io.poll();
        CHECK_FALSE(started);
        run->enter(next);
        io.restart();
        io.poll();
        CHECK(started);
    }
}

TEST_CASE("both streams are read to their end, which the run's end waits for") {
    Played played;
    REQUIRE(write_all(played.out.get(), "one"));
    REQUIRE(write_all(played.err.get(), "two"));
    bool drained = false;
    asio::co_spawn(
        played.io,
        [&]() -> asio::awaitable<void> {
            co_await played.run->until_drained();
            drained = true;
        },
        asio::detached);
    played.run->end({});
    played.poll();
    CHECK_FALSE(drained); // a process that is left behind may still write
    played.out.reset();
    played.err.reset();
    played.poll();
    CHECK(drained);
    CHECK_EQ(played.run->output(0).read(0, 10).bytes, "one");
    CHECK_EQ(played.run->output(1).read(0, 10).bytes, "two");
}

TEST_CASE("an end that holds its pipes open is waited for no longer than two seconds") {
    Played played;
    bool drained = false;
    asio::co_spawn(
        played.io,
        [&]() -> asio::awaitable<void> {
            co_await played.run->until_drained();
            drained = true;
        },
        asio::detached);
    played.run->end({});
    played.io.restart();
    played.io.run_for(std::chrono::milliseconds(2'500));
    CHECK(drained);
}

TEST_CASE("a run that waits for its first client is read a little ahead, no more") {
    Played played(true);
    const auto taken = played.flood(played.out.get(), 4u << 20);
    CHECK_GE(taken, 256u << 10);
    CHECK_LE(taken, 1u << 20);
    played.run->detach(played.run->attach(false));
    CHECK_GE(played.flood(played.out.get(), 2u << 20), 2u << 20);
}

TEST_CASE("a slow reader holds the pipe back; one that is dropped does not") {
    Played played;
    const auto attachment = played.run->attach(true);
    const auto taken = played.flood(played.out.get(), 4u << 20);
    CHECK_LE(taken, 1u << 20);
    attachment->dropped = true;
    played.run->changed().notify();
    CHECK_GE(played.flood(played.out.get(), 2u << 20), 2u << 20);
}

TEST_CASE("a slow reader is dropped when others wait, never when it is alone") {
    Played played;
    const auto slow = played.run->attach(true);
    REQUIRE(write_all(played.out.get(), "x"));
    played.poll();
    const auto later = std::chrono::steady_clock::now() + std::chrono::seconds(31);
    played.run->drop_slow(later);
    CHECK_FALSE(slow->dropped);
    const auto other = played.run->attach(false);
    played.run->drop_slow(later);
    CHECK(slow->dropped);
    CHECK_FALSE(other->dropped);
}

TEST_CASE("stdin goes to the first that writes, whole and in order") {
    Played played;
    const auto first = played.run->attach(false), second = played.run->attach(false);
    const std::string much(300'000, 'y');
    bool done = false;
    asio::co_spawn(
        played.io,
        [&]() -> asio::awaitable<void> {
            co_await played.run->write_stdin(first.get(), much);
            co_await played.run->write_stdin(second.get(), "from another");
            played.run->close_stdin(second.get());
            co_await played.run->write_stdin(first.get(), "end");
            played.run->close_stdin(first.get());
            done = true;
        },
        asio::detached);
    std::string got;
    char buffer[65'536];
    for (int i = 0; i < 1'000; ++i) {
        played.poll();
        const auto n = ::read(played.in.get(), buffer, sizeof buffer);
        if (n == 0) break;
        if (n > 0) got.append(buffer, static_cast<std::size_t>(n));
    }
    CHECK(done);
    CHECK_EQ(got, much + "end");
}

TEST_CASE("a run is alone when its maker and all its readers have gone") {
    Played played;
    CHECK_FALSE(played.run->alone_since());
    const auto attachment = played.run->attach(false);
    played.run->creator_gone();
    CHECK_FALSE(played.run->alone_since());
    played.run->detach(attachment);
    CHECK(played.run->alone_since());
    const auto again = played.run->attach(false);
    CHECK_FALSE(played.run->alone_since());
}

TEST_CASE("output over its limit is told once") {
    Played played(false, 1'000);
    int told = 0;
    played.run->on_output_limit = [&] { ++told; };
    REQUIRE(write_all(played.out.get(), std::string(1'000, 'x')));
    played.poll();
    CHECK_EQ(told, 0);
    REQUIRE(write_all(played.err.get(), "x"));
    played.poll();
    REQUIRE(write_all(played.out.get(), "x"));
    played.poll();
    CHECK_EQ(told, 1);
}
