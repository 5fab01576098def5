// Packets that are not of the protocol: the spawner refuses them or ends, and never starts anything by them.
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stage.hpp"

namespace owhale::escapes {
namespace {

using Bytes = std::string;

Bytes number(std::uint32_t value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

// One blob of a run, as bytes, with one length that lies.
struct Lie {
    const char* name;
    Bytes bytes;
};

std::vector<Lie> lies(const wire::Blob& honest) {
    const Bytes good = wire::pack(honest);
    const auto with = [&](std::size_t at, std::uint32_t value) {
        Bytes spoilt = good;
        std::memcpy(spoilt.data() + at, &value, sizeof value);
        return spoilt;
    };
    const std::size_t first_count = 4, first_length = 8;
    return {{"an empty blob", ""},
            {"a blob of one byte", "x"},
            {"no lists", with(0, 0)},
            {"one list more than there is", with(0, wire::kRunLists + 1)},
            {"one list fewer than there is", with(0, wire::kRunLists - 1)},
            {"2^32-1 lists", with(0, 0xffffffff)},
            {"one string more than there is", with(first_count, 4)},
            {"one string fewer than there is", with(first_count, 2)},
            {"2^32-1 strings", with(first_count, 0xffffffff)},
            {"65537 strings", with(first_count, 65537)},
            {"a string one byte too long", with(first_length, 8)},
            {"a string one byte too short", with(first_length, 6)},
            {"a string of 2^32-1 bytes", with(first_length, 0xffffffff)},
            {"a string of 2^31 bytes", with(first_length, 0x80000000)},
            {"a string that wraps the position", with(first_length, 0xfffffff8)},
            {"a byte left over", good + "x"},
            {"a whole list left over", good + number(0)},
            {"the last byte missing", good.substr(0, good.size() - 1)},
            {"half of it missing", good.substr(0, good.size() / 2)},
            {"more than 4 MiB", good + Bytes((4u << 20) + 1, '\0')}};
}

// Whatever the answer, nothing started, and it is not silence: the spawner refuses or ends.
void unharmed(Stage& stage, const std::string& name, const Answer& answer) {
    check(name, (answer.end == End::refused || answer.end == End::spawner_ended) && !stage.marked(), answer.text());
}

void blobs_that_lie(const Place& place) {
    Stage pattern(place);
    const auto table = lies(pattern.draft(1).blob);
    for (const auto& lie : table) {
        Stage stage(place);
        const auto draft = stage.ready_draft();
        const auto blob = memfd_of(lie.bytes, true);
        unharmed(stage, std::string("a run's blob: ") + lie.name, stage.launch_raw(draft.run, {blob.get()}));
    }
    for (const auto& lie : table) {
        Stage stage(place);
        const auto connection = stage.connect();
        auto ask = message<wire::Resolve>(wire::Type::resolve);
        ask.resolution = 1;
        ask.connection = connection;
        const auto blob = memfd_of(lie.bytes, true);
        stage.spawner().send(ask, {blob.get()});
        const auto reply = stage.spawner().await({wire::Type::resolved}, 2000);
        const bool refused = reply && reply->as<wire::Resolved>().err != 0;
        check(std::string("a resolve's blob: ") + lie.name, refused || stage.spawner().ended());
    }
}

void blobs_that_are_none(const Place& place) {
    const auto attempt = [&](const char* name, auto make) {
        Stage stage(place);
        const auto draft = stage.ready_draft();
        const std::vector<Fd> descriptors = make(wire::pack(draft.blob));
        std::vector<int> raw;
        for (const auto& fd : descriptors) raw.push_back(fd.get());
        unharmed(stage, name, stage.launch_raw(draft.run, raw));
    };
    using Fds = std::vector<Fd>;
    attempt("no blob", [](const Bytes&) { return Fds(); });
    attempt("an unsealed blob", [](const Bytes& bytes) {
        Fds fds;
        fds.push_back(memfd_of(bytes, false));
        return fds;
    });
    attempt("a blob and one descriptor more", [](const Bytes& bytes) {
        Fds fds;
        fds.push_back(memfd_of(bytes, true));
        fds.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
        return fds;
    });
    attempt("a blob and 40 descriptors more", [](const Bytes& bytes) {
        Fds fds;
        fds.push_back(memfd_of(bytes, true));
        for (int i = 0; i < 40; ++i) fds.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
        return fds;
    });
    attempt("a regular file for a blob", [](const Bytes&) {
        Fds fds;
        fds.emplace_back(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
        return fds;
    });
    attempt("a device for a blob", [](const Bytes&) {
        Fds fds;
        fds.emplace_back(open("/dev/zero", O_RDONLY | O_CLOEXEC));
        return fds;
    });
    attempt("a pipe for a blob", [](const Bytes&) {
        int ends[2];
        Fds fds;
        if (pipe2(ends, O_CLOEXEC) == 0) fds.emplace_back(ends[0]);
        if (!fds.empty()) ::close(ends[1]);
        return fds;
    });
    attempt("a socket for a blob", [](const Bytes&) {
        Fds fds;
        fds.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        return fds;
    });
    attempt("an O_PATH descriptor for a blob", [](const Bytes&) {
        Fds fds;
        fds.emplace_back(open("/", O_PATH | O_CLOEXEC));
        return fds;
    });
}

void counts_that_lie(const Place& place) {
    const auto attempt = [&](const char* name, auto spoil) {
        Stage stage(place);
        auto draft = stage.ready_draft();
        spoil(draft);
        unharmed(stage, name, stage.launch(draft));
    };
    attempt("one mount more than there is", [](Draft& draft) { ++draft.run.mount_count; });
    attempt("one mount fewer than there is", [](Draft& draft) { --draft.run.mount_count; });
    attempt("2^32-1 mounts", [](Draft& draft) { draft.run.mount_count = 0xffffffff; });
    attempt("2^30 mounts, which times four is 0", [](Draft& draft) { draft.run.mount_count = 0x40000000; });
    attempt("more mounts than the protocol has", [](Draft& draft) {
        for (std::size_t i = 0; i < wire::kMaxMounts; ++i)
            add_mount(draft, wire::MountKind::tmpfs, wire::kMountWritable, "", "/mnt/" + std::to_string(i));
    });
    attempt("a mount's kind that is no number", [](Draft& draft) { draft.blob[3][0] = "resolved"; });
    attempt("a mount's flags that are no number", [](Draft& draft) { draft.blob[3][1] = "-1"; });
    attempt("a list of names too short", [](Draft& draft) { draft.blob[0].pop_back(); });
    attempt("a list of names too long", [](Draft& draft) { draft.blob[0].push_back("/"); });
    attempt("no argv at all", [](Draft& draft) { draft.blob[1].clear(); });
    attempt("a filter's name without an end",
            [](Draft& draft) { std::memset(draft.run.filter, 'd', sizeof draft.run.filter); });
    attempt("a box key without an end", [](Draft& draft) {
        draft.run.flags |= wire::kRunKeepBox;
        std::memset(draft.run.box_key, 'a', sizeof draft.run.box_key);
    });
}

void headers_that_lie(const Place& place) {
    const auto attempt = [&](const std::string& name, auto send) {
        Stage stage(place);
        const auto draft = stage.ready_draft();
        const auto blob = memfd_of(wire::pack(draft.blob), true);
        send(stage.spawner(), draft.run, blob.get());
        unharmed(stage, name, stage.await_answer());
    };
    for (const std::uint32_t size : {0u, 8u, static_cast<unsigned>(sizeof(wire::Run)) - 1,
                                     static_cast<unsigned>(sizeof(wire::Run)) + 1, 0xffffffffu})
        attempt("a header that says " + std::to_string(size) + " bytes",
                [size](Spawner& spawner, wire::Run run, int blob) {
                    run.header.size = size;
                    spawner.send(run, {blob});
                });
    attempt("a packet one byte short",
            [](Spawner& spawner, const wire::Run& run, int blob) { spawner.send(&run, sizeof run - 1, {blob}); });
    attempt("a packet one byte long", [](Spawner& spawner, const wire::Run& run, int blob) {
        Bytes bytes(reinterpret_cast<const char*>(&run), sizeof run);
        spawner.send((bytes + "x").data(), bytes.size() + 1, {blob});
    });
    attempt("a packet of 64 KiB", [](Spawner& spawner, const wire::Run& run, int blob) {
        Bytes bytes(reinterpret_cast<const char*>(&run), sizeof run);
        bytes.resize(65536);
        spawner.send(bytes.data(), bytes.size(), {blob});
    });
    attempt("a packet of one byte", [](Spawner& spawner, const wire::Run&, int) { spawner.send("x", 1); });
    attempt("an empty packet", [](Spawner& spawner, const wire::Run&, int) { spawner.send("", 0); });
    for (const std::uint32_t type : {0u, 12u, 99u, 101u, 103u, 105u, 107u, 109u, 110u, 111u, 112u, 0xffffffffu})
        attempt("a message of type " + std::to_string(type), [type](Spawner& spawner, wire::Run run, int blob) {
            run.header.type = static_cast<wire::Type>(type);
            spawner.send(run, {blob});
        });
}

// What only names a run: numbers that mean nothing are no reason to end, and do nothing.
void harmless_messages(const Place& place) {
    Stage stage(place);
    auto signal_it = message<wire::SignalRun>(wire::Type::signal_run);
    signal_it.run = 777;
    for (const int number : {0, -1, 65, 9, 2147483647}) {
        signal_it.signal = number;
        stage.spawner().send(signal_it);
    }
    auto kill_it = message<wire::KillRun>(wire::Type::kill_run);
    kill_it.run = 777;
    stage.spawner().send(kill_it);
    auto drop = message<wire::DropResolution>(wire::Type::drop_resolution);
    drop.resolution = 777;
    stage.spawner().send(drop);
    if (stage.spawner().ended(500)) {
        check("numbers that name nothing end the spawner or do nothing", true);
        return;
    }
    const auto answer = stage.launch(stage.ready_draft());
    const auto end = stage.await_end();
    check("numbers that name nothing do nothing", answer.end == End::started && end && end->exit_code == 0,
          answer.text());
}

// A pid that the broker would like signalled is no run number: nothing of the host's is reached.
void signals_reach_runs_only(const Place& place) {
    Stage stage(place);
    const pid_t victim = fork();
    if (victim == 0) {
        pause();
        _exit(0);
    }
    auto signal_it = message<wire::SignalRun>(wire::Type::signal_run);
    signal_it.run = static_cast<std::uint64_t>(victim);
    signal_it.signal = 9;
    stage.spawner().send(signal_it);
    usleep(200000);
    check("a signal for a host pid", waitpid(victim, nullptr, WNOHANG) == 0);
    kill(victim, SIGKILL);
    waitpid(victim, nullptr, 0);
}

} // namespace

void play_protocol(const Place& place) {
    blobs_that_lie(place);
    blobs_that_are_none(place);
    counts_that_lie(place);
    headers_that_lie(place);
    harmless_messages(place);
    signals_reach_runs_only(place);
}

} // namespace owhale::escapes
