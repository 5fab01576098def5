#include "sandbox/run_stream.hpp"

#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;
using sandbox::RunStream;

namespace {

constexpr std::uint64_t kKeep = 1u << 20;
constexpr std::string_view kToken = "ghp_abcdefghijklmnopqrstuvwxyzABCDEFGHIJ";

std::string kept(const RunStream& stream) {
    return stream.kept().read(0, 1u << 20).bytes;
}

std::string rest_for(RunStream& stream, RunStream::Reader& reader) {
    std::string all;
    for (;;) {
        const auto slice = stream.read(reader, 7);
        if (slice.bytes.empty()) return all;
        all += slice.bytes;
        stream.advance(reader, slice);
    }
}

} // namespace

TEST_CASE("what is kept is masked; length and digest are of what was written") {
    const test::Folder folder;
    RunStream stream(folder / "out", kKeep, false);
    const auto text = "a " + std::string(kToken) + " b\n";
    stream.take(text.substr(0, 20));
    stream.take(text.substr(20));
    stream.end();
    CHECK_EQ(kept(stream), "a [redacted:github-token] b\n");
    CHECK_EQ(stream.length(), text.size());
    CHECK_EQ(stream.digest(), sandbox::sha256_hex(text));
}

TEST_CASE("a live reader gets it as it was written, or masked where owhaled is told so") {
    for (const bool masks : {false, true}) {
        const test::Folder folder;
        RunStream stream(folder / "out", kKeep, masks);
        stream.hold_window(true); // somebody is waited for
        const auto text = "a " + std::string(kToken) + " b\n";
        stream.take(text);
        auto reader = stream.reader(true);
        stream.take("more\n");
        stream.end();
        CHECK_EQ(rest_for(stream, reader), (masks ? "a [redacted:github-token] b\n" : text) + "more\n");
        CHECK_EQ(stream.behind(reader), 0);
    }
}

TEST_CASE("who comes later gets what is kept, then what is written from then on, and loses nothing between") {
    const test::Folder folder;
    RunStream stream(folder / "out", kKeep, false);
    stream.take("first " + std::string(kToken) + "\nhalf: ghp_abcdef");
    auto reader = stream.reader(true);
    stream.take("ghijklmnopqrstuvwxyzABCDEFGHIJ end\n");
    stream.end();
    CHECK_EQ(rest_for(stream, reader),
             "first [redacted:github-token]\nhalf: ghp_abcdefghijklmnopqrstuvwxyzABCDEFGHIJ end\n");
    CHECK_EQ(kept(stream), "first [redacted:github-token]\nhalf: [redacted:github-token] end\n");
    CHECK_EQ(stream.behind(reader), 0);
}

TEST_CASE("without replay a reader gets what is new") {
    const test::Folder folder;
    RunStream stream(folder / "out", kKeep, false);
    stream.take("old\n");
    auto reader = stream.reader(false);
    stream.take("new\n");
    CHECK_EQ(rest_for(stream, reader), "new\n");
    stream.forget_before(reader.live_at);
    stream.take("newer\n");
    CHECK_EQ(rest_for(stream, reader), "newer\n");
}

TEST_CASE("a pause shows a prompt, and not half a key") {
    const test::Folder folder;
    RunStream stream(folder / "out", kKeep, true);
    stream.take("Password: ");
    CHECK(stream.has_shy());
    stream.pause();
    CHECK_EQ(kept(stream), "Password: ");
    stream.take("\nghp_abcdefgh");
    CHECK_FALSE(stream.has_shy());
    stream.pause();
    CHECK_EQ(kept(stream), "Password: \n");
    stream.end();
    CHECK_EQ(kept(stream), "Password: \nghp_abcdefgh");
}
