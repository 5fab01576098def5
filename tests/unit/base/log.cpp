#include "base/log.hpp"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hpp"
#include "base/log_prefix.hpp"
#include "base/utf8.hpp"
#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;

namespace {

// What is written to stderr meanwhile.
std::string captured(const test::Folder& folder, auto write) {
    const auto path = folder / "log";
    const Fd kept(::dup(STDERR_FILENO));
    const Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    ::dup2(file.get(), STDERR_FILENO);
    write();
    ::dup2(kept.get(), STDERR_FILENO);
    return read_file(path, 10'000).value_or("unreadable");
}

} // namespace

TEST_CASE("a value cannot forge a line or a field") {
    const test::Folder folder;
    const auto text =
        captured(folder, [] { log::info("run", {{"path", "a\n<3>fake user=\"root\""}, {"id", "7"}, {"empty", ""}}); });
    CHECK_NE(text.find("run path=\"a\\x0a<3>fake user=\\\"root\\\"\" id=7 empty=\"\"\n"), std::string::npos);
    CHECK_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST_CASE("nothing in a line is other than it looks") {
    const test::Folder folder;
    const auto shown = [&](const char* value) { return captured(folder, [&] { log::info("it", {{"is", value}}); }); };
    CHECK_EQ(shown("gr\u00fc\u00df \u65e5"), "it is=\"gr\u00fc\u00df \u65e5\"\n");
    CHECK_EQ(shown("\x1b[31m \u009b31m"), "it is=\"\\x1b[31m \\xc2\\x9b31m\"\n");
    CHECK_EQ(shown("a \u202e b"), "it is=\"a \\xe2\\x80\\xae b\"\n");
    CHECK_EQ(shown("a \u2066 b"), "it is=\"a \\xe2\\x81\\xa6 b\"\n");
    CHECK_EQ(shown("a \u2028 b"), "it is=\"a \\xe2\\x80\\xa8 b\"\n");
    CHECK_EQ(shown("a \xff\xc0\xaf b"), "it is=\"a \\xff\\xc0\\xaf b\"\n");
}

TEST_CASE("a line is one entry of the journal, however long its values are") {
    const test::Folder folder;
    for (const std::size_t more : {0, 1, 2}) {
        std::string value(more, 'a');
        for (int i = 0; i < 20'000; ++i) value += "\u00fc";
        const auto path = folder / "log";
        captured(folder, [&] { log::info("it", {{"is", value}}); });
        const auto text = read_file(path, 1 << 20).value_or("unreadable");
        CHECK_LE(text.size(), 16384 + 16);
        CHECK(text.ends_with("\u00fc… (cut)\n"));
        CHECK_EQ(first_not_utf8(text), text.size());
    }
}

TEST_CASE("a priority stands before a line when the journal reads it, and else not") {
    const test::Folder folder;
    const auto name = [] {
        struct stat st{};
        ::fstat(STDERR_FILENO, &st);
        ::setenv("JOURNAL_STREAM", (std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino)).c_str(), 1);
    };
    CHECK_EQ(captured(folder, [] { log::warning("plain"); }), "plain\n");
    CHECK_EQ(captured(folder, [&] { name(), log::warning("told"); }), "<4>told\n");
    ::setenv("JOURNAL_STREAM", "1:2", 1); // a shell's, started under systemd
    CHECK_EQ(captured(folder, [] { log::warning("plain"); }), "plain\n");
    ::unsetenv("JOURNAL_STREAM");
}

TEST_CASE("what is below the level is not written") {
    const test::Folder folder;
    CHECK_EQ(captured(folder, [] { log::debug("quiet"); }), "");
    log::set_level(log::Level::debug);
    CHECK_NE(captured(folder, [] { log::debug("heard"); }), "");
    log::set_level(log::Level::info);
}

TEST_CASE("several lines are told as such, and none can be made of one") {
    const test::Folder folder;
    const std::vector<std::string> lines = {"it ends", "a\n<3>fake", "  mv a b"};
    CHECK_EQ(captured(folder, [&] { log::write_lines(log::Level::error, lines); }),
             "it ends\n  a\\x0a<3>fake\n    mv a b\n");
    CHECK_EQ(log::text_of(lines), "it ends\n  a\\x0a<3>fake\n    mv a b");
}
