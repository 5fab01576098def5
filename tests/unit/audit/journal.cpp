#include "audit/journal_copy.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "audit/journal_entry.hpp"
#include "audit/summary.hpp"
#include "base/files.hpp"
#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;
using namespace owhale::audit;
namespace asio = boost::asio;

namespace {

using Read = std::map<std::string, std::string>;

// The other way round, as strict as it can be: journald's own reader takes more.
std::optional<Read> read_entry(std::string_view bytes) {
    Read fields;
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        if (end == std::string_view::npos || bytes.size() < end + 9) return {};
        std::uint64_t size = 0;
        for (int i = 7; i >= 0; --i)
            size = size << 8 | static_cast<unsigned char>(bytes[end + 1 + static_cast<std::size_t>(i)]);
        const auto rest = bytes.substr(end + 9);
        if (rest.size() <= size || rest[size] != '\n') return {};
        fields[std::string(bytes.substr(0, end))] = rest.substr(0, size);
        bytes = rest.substr(size + 1);
    }
    return fields;
}

// journald's end: a datagram socket.
struct Receiver {
    explicit Receiver(std::string at) : path(std::move(at)) { open(); }
    void open() {
        ::unlink(path.c_str());
        socket.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    // The next entry, as a datagram or in the sealed memfd that came instead.
    std::optional<Read> next() {
        std::string bytes(1u << 20, '\0');
        iovec part{bytes.data(), bytes.size()};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        const auto n = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
        if (n < 0) return {};
        const auto* c = CMSG_FIRSTHDR(&message);
        if (c == nullptr) return read_entry(std::string_view(bytes).substr(0, static_cast<std::size_t>(n)));
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
        const Fd memory(fd);
        constexpr int kAll = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
        CHECK_EQ(::fcntl(fd, F_GET_SEALS), kAll);
        ::lseek(fd, 0, SEEK_SET);
        return read_entry(*read_all(fd, 16u << 20));
    }
    std::string path;
    Fd socket;
};

struct Side {
    Side() : receiver(folder / "journal"), log(std::move(*Log::open(folder.path()))) {}

    template <typename T> T run(asio::awaitable<T> act) {
        std::optional<T> out;
        asio::co_spawn(io, std::move(act), [&](std::exception_ptr, T value) { out.emplace(std::move(value)); });
        for (int i = 0; i < 300 && !out; ++i) step();
        return std::move(*out);
    }
    void step() {
        io.restart();
        io.run_one_for(std::chrono::milliseconds(100));
    }
    void put(const std::string& text = "x") {
        Event event{"config.changed", "unix:1000", "config.show", "ok", "", {}};
        event.data["text"] = text;
        REQUIRE(run(log->append(std::move(event))));
    }
    std::vector<std::uint64_t> received(std::size_t count) {
        std::vector<std::uint64_t> seqs;
        for (int i = 0; i < 300 && seqs.size() < count; ++i) {
            step();
            while (auto fields = receiver.next()) seqs.push_back(std::stoull((*fields)["OWHALED_SEQ"]));
        }
        return seqs;
    }

    Feed& new_feed() {
        feeds.push_back(std::move(*run(Feed::open(*log))));
        return *feeds.back();
    }

    test::Folder folder;
    Receiver receiver;
    asio::io_context io;
    std::vector<std::unique_ptr<Feed>> feeds; // each outlives the log
    std::unique_ptr<Log> log;
};

// One life of owhaled: a feed, a connection and the copy.
struct Life {
    explicit Life(Side& side)
        : feed(side.new_feed()), journal(std::move(*Journald::connect(side.receiver.path))),
          copy({side.io.get_executor(), *side.log, feed, journal, side.folder / "position"}) {
        REQUIRE(copy.open());
    }
    Feed& feed;
    Journald journal;
    JournalCopy copy;
};

std::vector<std::uint64_t> from_to(std::uint64_t from, std::uint64_t to) {
    std::vector<std::uint64_t> all;
    for (auto seq = from; seq <= to; ++seq) all.push_back(seq);
    return all;
}

} // namespace

TEST_CASE("a field may hold anything: lines, zeros, what looks like a field") {
    JournalEntry entry;
    const std::string odd("a\nMESSAGE=b\n\0\xff", 14);
    entry.add("MESSAGE", odd).add("X_1", "").add("LAST", std::string(300, '\n'));
    const auto fields = read_entry(entry.bytes());
    REQUIRE(fields);
    CHECK(*fields == Read{{"MESSAGE", odd}, {"X_1", ""}, {"LAST", std::string(300, '\n')}});
}

TEST_CASE("an entry is one datagram, a large one a sealed memfd; a full queue says so and loses nothing") {
    const test::Folder folder;
    Receiver receiver(folder / "journal");
    const auto journal = Journald::connect(receiver.path);
    REQUIRE(journal);
    for (const std::size_t size : {1u, 60'000u, 70'000u, 8u << 20}) {
        JournalEntry entry;
        CHECK_EQ(journal->send(entry.add("MESSAGE", std::string(size, 'm'))), 0);
        CHECK_EQ((*receiver.next())["MESSAGE"].size(), size);
    }
    int sent = 0, err = 0;
    for (; sent < 100'000 && err == 0; ++sent) {
        JournalEntry entry;
        err = journal->send(entry.add("N", std::to_string(sent)));
    }
    CHECK_EQ(err, EAGAIN);
    for (int i = 0; i + 1 < sent; ++i) REQUIRE_EQ((*receiver.next())["N"], std::to_string(i));
    CHECK(!receiver.next());
}

TEST_CASE("a journald that is not there, or a path that is none, is said") {
    const test::Folder folder;
    CHECK_EQ(Journald::connect(folder / "none").error().code, Code::unreachable);
    CHECK_EQ(Journald::connect("/" + std::string(200, 'x')).error().code, Code::config_invalid);
}

TEST_CASE("an event's entry says what it is, how loud, and all of it") {
    const Row row{
        7,
        {},
        R"({"data":{"reason":"a\u001b[2J\nb"},"event":"login","outcome":"failed","principal":"tcp:192.0.2.7",)"
        R"("run":"","time":"2026-01-01T00:00:00.000000Z","v":1,"verb":"login"})"};
    const auto event = followed(row);
    REQUIRE(event);
    auto fields = *read_entry(entry_of(*event).bytes());
    const auto& type = type_of("login");
    CHECK_EQ(fields["MESSAGE_ID"], std::string(type.message_id));
    CHECK_EQ(fields["PRIORITY"], std::to_string(static_cast<int>(type.severity) - 1));
    CHECK_EQ(fields["SYSLOG_IDENTIFIER"], "owhaled-audit");
    CHECK_EQ(fields["OWHALED_SEQ"], "7");
    CHECK_EQ(fields["OWHALED_EVENT"], "login");
    CHECK_EQ(fields["OWHALED_PRINCIPAL"], "tcp:192.0.2.7");
    CHECK_EQ(fields["OWHALED_VERB"], "login");
    CHECK_EQ(fields["OWHALED_OUTCOME"], "failed");
    CHECK_EQ(fields["OWHALED_RUN"], "");
    CHECK_EQ(fields["OWHALED_JSON"], row.json);
    CHECK(!fields["MESSAGE"].empty());
    CHECK_EQ(fields["MESSAGE"].find_first_of("\n\x1b"), std::string::npos);
}

TEST_CASE("what would hide or turn the text of a line stands written out") {
    const auto& type = type_of("audit.anchor_missing");
    const auto line_of = [&](std::string why) { return summary_of(type, {{"data", {{"why", std::move(why)}}}}); };
    CHECK(line_of("a\u202eb\u200bc\ufeffd\u2066e\U000e0041f")
              .find(R"(a\u{202e}b\u{200b}c\u{feff}d\u{2066}e\u{e0041}f)") != std::string::npos);
    CHECK(line_of("a\nb\x1b[2Jc\u0085d\x7f").find("a b [2Jc d ") != std::string::npos);
    CHECK(line_of("naïve 日本 😀").find("naïve 日本 😀") != std::string::npos);
    CHECK(line_of("\xff").find("\xef\xbf\xbd") != std::string::npos);
}

TEST_CASE("every type's line is made of what an event has, and holds no bracket of a pattern") {
    for (const auto& type : event_types()) {
        const auto line = summary_of(type, {{"outcome", "ok"}, {"principal", "unix:1"}});
        CHECK_EQ(line.find_first_of("{}"), std::string::npos);
        CHECK_EQ(type.message_id.size(), 32);
        CHECK_NE(type.message_id, kCheckpointMessageId);
    }
    const auto& type = type_of("audit.anchor_missing");
    const std::string_view long_one = "é";
    std::string why;
    for (int i = 0; i < 500; ++i) why += long_one;
    const auto line = summary_of(type, {{"data", {{"why", why}}}});
    CHECK_LT(line.size(), 300);
    CHECK(line.ends_with("é…"));
}

TEST_CASE("the copy begins at the log's end, and goes on where the last owhaled stopped") {
    Side side;
    side.put();
    side.put();
    {
        Life life(side);
        life.copy.start();
        side.step();
        CHECK(!side.receiver.next()); // nothing of what was there
        for (int i = 0; i < 5; ++i) side.put();
        CHECK(side.received(5) == from_to(3, 7));
        CHECK_EQ(life.copy.behind(), 0);
        life.copy.stop();
        side.step();
    }
    for (int i = 0; i < 120; ++i) side.put(); // more than a batch, while nobody copies
    Life next(side);
    next.copy.start();
    CHECK(side.received(120) == from_to(8, 127));
    next.copy.stop();
    side.step();
}

TEST_CASE("what journald cannot take is sent when it can, in order and once") {
    Side side;
    Life life(side);
    life.copy.start();
    // Nobody reads: the queue fills, and the copy waits.
    for (int i = 0; i < 300; ++i) side.put();
    for (int i = 0; i < 20; ++i) side.step();
    CHECK_GT(life.copy.behind(), 0);
    CHECK(side.received(300) == from_to(1, 300));
    CHECK_EQ(life.copy.behind(), 0);
    life.copy.stop();
    side.step();
}

TEST_CASE("a position that is damaged, or of another log, begins anew at the end") {
    Side side;
    for (int i = 0; i < 3; ++i) side.put();
    for (const std::string text :
         {"x", "00000000000000000009\n", "", "-0000000000000000001\n", "99999999999999999999\n"}) {
        std::ofstream(side.folder / "position") << text;
        const Life life(side);
        CHECK_EQ(life.copy.position(), 3);
        CHECK_EQ(*read_file(side.folder / "position", 64), "00000000000000000003\n");
    }
}
