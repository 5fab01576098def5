#include "sandbox/output.hpp"

#include <sys/stat.h>

#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;
using namespace owhale::sandbox;

namespace {

constexpr std::uint64_t kKeep = Output::kLeastKept;

// Bytes that tell where they stood.
std::string pattern(std::uint64_t from, std::size_t count) {
    std::string out;
    for (std::uint64_t at = from; at < from + count; ++at) out += static_cast<char>('a' + at * 31 / 7 % 26);
    return out;
}

std::string all_of(const Output& output) {
    std::string all;
    for (std::uint64_t at = 0;;) {
        const auto slice = output.read(at, 10'000);
        if (slice.bytes.empty()) return all;
        all += slice.bytes;
        at = slice.offset + slice.bytes.size();
    }
}

} // namespace

TEST_CASE("what is short is kept whole, and read from any offset") {
    const test::Folder folder;
    Output output(folder / "run/stdout", kKeep);
    output.append("hello ");
    output.append("world");
    CHECK_EQ(all_of(output), "hello world");
    CHECK_EQ(output.read(6, 3).bytes, "wor");
    CHECK_EQ(output.read(11, 3).bytes, "");
    CHECK_EQ(output.read(100, 3).offset, 11);
    CHECK_FALSE(output.truncated());
}

TEST_CASE("nothing written leaves no file") {
    const test::Folder folder;
    const Output output(folder / "run/stdout", kKeep);
    CHECK_EQ(output.length(), 0);
    CHECK_EQ(::access((folder / "run").c_str(), F_OK), -1);
    CHECK_EQ(Output::open(folder / "run/stdout").error().code, Code::not_found);
}

TEST_CASE("of what is long, head and tail are kept, with the true length") {
    const test::Folder folder;
    constexpr std::size_t kTotal = 5 * kKeep + 12'345;
    Output output(folder / "run/stdout", kKeep);
    const auto text = pattern(0, kTotal);
    for (std::size_t at = 0; at < kTotal; at += 7'919) output.append(std::string_view(text).substr(at, 7'919));
    CHECK_EQ(output.length(), kTotal);
    CHECK(output.truncated());
    CHECK_EQ(output.head_end(), kKeep / 2);
    CHECK_EQ(output.tail_start(), kTotal - kKeep / 2);
    CHECK_EQ(all_of(output), text.substr(0, kKeep / 2) + text.substr(kTotal - kKeep / 2));
    CHECK_EQ(output.read(kKeep, 5).offset, output.tail_start()); // in the gap: goes to the tail
    CHECK_EQ(output.kept(), kKeep);
    struct stat st{};
    REQUIRE_EQ(::stat((folder / "run/stdout").c_str(), &st), 0);
    CHECK_LE(st.st_size, kKeep + 64);
    CHECK_EQ(st.st_mode & 0777, 0600);
}

TEST_CASE("it is read again after a restart, also when nothing closed it") {
    const test::Folder folder;
    Output output(folder / "run/stdout", kKeep);
    const auto text = pattern(0, 3 * kKeep);
    output.append(text);
    const auto again = Output::open(folder / "run/stdout"); // while the first is still open
    REQUIRE(again);
    CHECK_EQ(again->length(), text.size());
    CHECK_EQ(all_of(*again), all_of(output));
}

TEST_CASE("a file that is no output is refused") {
    const test::Folder folder;
    FILE* file = ::fopen((folder / "bad").c_str(), "w");
    ::fputs("not an output at all, but long enough to hold a header of sixty-four bytes", file);
    ::fclose(file);
    CHECK_EQ(Output::open(folder / "bad").error().code, Code::state_unavailable);
}

TEST_CASE("what cannot be kept is still counted, and readable while it is new") {
    Output output("/proc/nowhere/stdout", kKeep);
    const auto text = pattern(0, 40'000);
    output.append(std::string_view(text).substr(0, 20'000));
    output.append(std::string_view(text).substr(20'000));
    CHECK_EQ(output.length(), text.size());
    CHECK(output.truncated());
    CHECK_EQ(output.read(20'000, 100'000).bytes, text.substr(20'000));
}
