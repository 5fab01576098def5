#include "spawner/heads.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "checks.hpp"
#include "folder.hpp"
#include "spawner/head_lines.hpp"

using namespace owhale;
using namespace owhale::spawner;

namespace {

constexpr const char* kOther = "owhaled/host/0a1b2c3d+4e5f6071+AZ0PNhcHSB9UpWWYgxYcWG1dmQ0Ib+0mCLWwpH2DPLwx";
constexpr const char* kVkey = "owhaled/host/0a1b2c3d+4e5f6071+AZ0PNhcHSB9UpWWYgxYcWG1dmQ0Ib+0mCLWwpH2DPLwr";
constexpr bool kOwn = true; // an ordinary user's tests, too

wire::AuditHead head(std::uint64_t size, std::uint8_t root = 7, bool final = false, const char* vkey = kVkey) {
    wire::AuditHead message{};
    message.size = size;
    std::memset(message.root, root, sizeof message.root);
    std::memcpy(message.vkey, vkey, std::strlen(vkey));
    message.final = final ? 1 : 0;
    return message;
}

std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

void put(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
}

// A file with these heads, as owhaled leaves it; all of them of long ago.
std::string file_with(std::initializer_list<std::uint64_t> sizes) {
    auto text = first_line(kVkey);
    for (const auto size : sizes) text += head_line(head(size), 1'700'000'000);
    return text;
}

struct Clock {
    explicit Clock(std::int64_t seconds) { freeze_wall_clock(seconds * 1'000'000); }
    ~Clock() { freeze_wall_clock(0); }
};

} // namespace

TEST_CASE("a head's line is read as it was written, and nothing but one") {
    auto message = head(1'048'576);
    for (std::size_t i = 0; i < sizeof message.root; ++i) message.root[i] = static_cast<std::uint8_t>(255 - 7 * i);
    const auto line = head_line(message, 1'764'201'600);
    CHECK(line.ends_with("= 2025-11-27T00:00:00Z\n"));
    const auto read = read_head_line(std::string_view(line).substr(0, line.size() - 1));
    REQUIRE(read);
    CHECK_EQ(read->size, message.size);
    CHECK_EQ(read->time, 1'764'201'600);
    CHECK_EQ(std::memcmp(read->root, message.root, sizeof message.root), 0);
    for (std::size_t cut = 0; cut + 1 < line.size(); ++cut)
        CHECK(!read_head_line(std::string_view(line).substr(0, cut)));
    for (const auto* wrong : {"0 ", "-1 ", "+1 ", "9007199254740993 ", "18446744073709551616 ", "1 1 ", " "})
        CHECK(!read_head_line(wrong + line.substr(8, line.size() - 9)));
}

TEST_CASE("a new file begins with whose log it is of, and grows by a line a head") {
    const test::Folder folder;
    auto heads = Heads::open(folder / "heads", kOwn);
    REQUIRE_EQ(heads.found().err, 0);
    CHECK_EQ(heads.found().count, 0);
    CHECK_EQ(heads.keep(head(5)), 0);
    const auto text = content(folder / "heads");
    CHECK(text.starts_with(std::string("# owhaled heads 1 owhaled/host/0a1b2c3d ") + kVkey + "\n5 BwcH"));
    struct stat st{};
    REQUIRE_EQ(::stat((folder / "heads").c_str(), &st), 0);
    CHECK_EQ(st.st_mode & 0777 & ~0644u, 0);
    const auto again = Heads::open(folder / "heads", kOwn);
    CHECK_EQ(again.found().size, 5);
    CHECK_EQ(again.found().count, 1);
    CHECK_EQ(again.found().bytes, text.size());
    CHECK_EQ(std::string(again.found().vkey), kVkey);
}

TEST_CASE("a head that does not continue the last one is refused, and leaves no trace") {
    const test::Folder folder;
    const auto before = file_with({10, 20});
    put(folder / "heads", before);
    auto heads = Heads::open(folder / "heads", kOwn);
    CHECK_EQ(heads.keep(head(19)), ESTALE);
    CHECK_EQ(heads.keep(head(20, 8)), ESTALE);
    CHECK_EQ(heads.keep(head(20)), 0); // it is there
    CHECK_EQ(heads.keep(head(21, 7, false, kOther)), EXDEV);
    CHECK_EQ(content(folder / "heads"), before);
    CHECK_EQ(heads.keep(head(21)), 0);
    CHECK(content(folder / "heads").starts_with(before + "21 "));
}

TEST_CASE("odd heads are refused") {
    const test::Folder folder;
    auto heads = Heads::open(folder / "heads", kOwn);
    CHECK_EQ(heads.keep(head(0)), EINVAL);
    CHECK_EQ(heads.keep(head(wire::kMaxLogSize + 1)), EINVAL);
    CHECK_EQ(heads.keep(head(~std::uint64_t{0})), EINVAL);
    const std::string good(kVkey);
    for (std::size_t cut = 0; cut < good.size(); ++cut)
        CHECK_EQ(heads.keep(head(1, 7, false, good.substr(0, cut).c_str())), EINVAL);
    for (const char spoilt : {' ', '\n', '\x7f', '\xe4', '+'})
        for (const std::size_t at : {0, 21, 22, 23, 29, 30, 31, 32, 60}) {
            auto vkey = good;
            vkey[at] = spoilt;
            if (vkey != good && (spoilt != '+' || at < 31))
                CHECK_EQ(heads.keep(head(1, 7, false, vkey.c_str())), EINVAL);
        }
    CHECK_EQ(heads.keep(head(1, 7, false, (good + "\n9 x").c_str())), EINVAL);
    auto endless = head(1);
    std::memset(endless.vkey, '+', sizeof endless.vkey);
    endless.vkey[0] = 'a';
    CHECK_EQ(heads.keep(endless), EINVAL);
    auto flag = head(1);
    flag.final = 2;
    CHECK_EQ(heads.keep(flag), EINVAL);
    CHECK_EQ(content(folder / "heads"), "");
    CHECK_EQ(heads.keep(head(wire::kMaxLogSize)), 0);
}

TEST_CASE("a flood of heads leaves one, and one at the end") {
    const test::Folder folder;
    auto heads = Heads::open(folder / "heads", kOwn);
    CHECK_EQ(heads.keep(head(1)), 0);
    for (std::uint64_t size = 2; size < 1000; ++size) REQUIRE_EQ(heads.keep(head(size)), EAGAIN);
    CHECK_EQ(heads.keep(head(1000, 7, true)), 0);
    for (std::uint64_t size = 1001; size < 2000; ++size) REQUIRE_EQ(heads.keep(head(size, 7, true)), EAGAIN);
    CHECK_EQ(heads.found().count, 2);
    // A new start does not open the door either, until a minute has gone by.
    auto next = Heads::open(folder / "heads", kOwn);
    CHECK_EQ(next.keep(head(1001)), EAGAIN);
    const Clock later(wall_clock_us() / 1'000'000 + wire::kHeadEvery);
    auto after = Heads::open(folder / "heads", kOwn);
    CHECK_EQ(after.keep(head(1001)), 0);
}

TEST_CASE("what a power cut leaves of a line is passed over, and closed by the next one") {
    const test::Folder folder;
    const auto whole = file_with({10, 20});
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        put(folder / "heads", whole.substr(0, cut));
        auto heads = Heads::open(folder / "heads", kOwn);
        REQUIRE_EQ(heads.found().err, 0);
        REQUIRE_LE(heads.found().size, 10);
        REQUIRE_EQ(heads.keep(head(30)), 0);
        const auto again = Heads::open(folder / "heads", kOwn);
        REQUIRE_EQ(again.found().err, 0);
        REQUIRE_EQ(again.found().size, 30);
        REQUIRE_EQ(std::string(again.found().vkey), kVkey);
    }
}

TEST_CASE("a disk that is full takes a part of a line; the next head that it takes is whole") {
    const test::Folder folder;
    const auto before = file_with({10});
    put(folder / "heads", before);
    auto heads = Heads::open(folder / "heads", kOwn);
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    auto small = limit;
    small.rlim_cur = before.size() + 10;
    ::setrlimit(RLIMIT_FSIZE, &small);
    CHECK_EQ(heads.keep(head(20)), ENOSPC);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    CHECK_EQ(heads.found().size, 10);
    CHECK_EQ(heads.keep(head(21, 7, true)), 0);
    const auto again = Heads::open(folder / "heads", kOwn);
    CHECK_EQ(again.found().size, 21);
    CHECK_EQ(again.found().count, 2);
}

TEST_CASE("what is not a file of heads is never written to") {
    const test::Folder folder;
    for (const std::string text : {"root:x:0:0\n", "x", "# owhaled heads 2 a a+1+b\n", "\n", "# owhaled head\t"}) {
        put(folder / "heads", text);
        auto heads = Heads::open(folder / "heads", kOwn);
        CHECK_EQ(heads.found().err, EBADMSG);
        CHECK_EQ(heads.keep(head(1)), ENODEV);
        CHECK_EQ(content(folder / "heads"), text);
    }
}

TEST_CASE("garbage among the lines, however long, hides no head") {
    const test::Folder folder;
    put(folder / "heads", file_with({10}) + std::string(300'000, 'x') + "\n" + head_line(head(20), 1'700'000'000) +
                              "\x80\n" + std::string(100'000, '7'));
    auto heads = Heads::open(folder / "heads", kOwn);
    CHECK_EQ(heads.found().err, 0);
    CHECK_EQ(heads.found().size, 20);
    CHECK_EQ(heads.keep(head(21)), 0);
    CHECK_EQ(Heads::open(folder / "heads", kOwn).found().size, 21);
}

TEST_CASE("a link, a folder, a fifo, and what others can write are not taken") {
    const test::Folder folder;
    put(folder / "other", file_with({10}));
    REQUIRE_EQ(::symlink((folder / "other").c_str(), (folder / "link").c_str()), 0);
    CHECK_EQ(Heads::open(folder / "link", kOwn).found().err, ELOOP);
    REQUIRE_EQ(::mkdir((folder / "folder").c_str(), 0755), 0);
    CHECK_EQ(Heads::open(folder / "folder", kOwn).found().err, EPERM);
    REQUIRE_EQ(::mkfifo((folder / "fifo").c_str(), 0644), 0);
    CHECK_EQ(Heads::open(folder / "fifo", kOwn).found().err, EPERM);
    REQUIRE_EQ(::chmod((folder / "other").c_str(), 0666), 0);
    CHECK_EQ(Heads::open(folder / "other", kOwn).found().err, EPERM);
    REQUIRE_EQ(::chmod((folder / "folder").c_str(), 0777), 0);
    CHECK_EQ(Heads::open(folder / "folder/heads", kOwn).found().err, EPERM);
    CHECK_EQ(Heads::open(folder / "none/heads", kOwn).found().err, ENOENT);
    CHECK_EQ(Heads::open("", kOwn).found().err, ENOENT);
    if (::geteuid() != 0) return;
    REQUIRE_EQ(::chmod((folder / "other").c_str(), 0644), 0);
    CHECK_EQ(Heads::open(folder / "other", false).found().err, 0);
    REQUIRE_EQ(::chown((folder / "other").c_str(), 65534, 65534), 0);
    CHECK_EQ(Heads::open(folder / "other", false).found().err, EPERM);
}
