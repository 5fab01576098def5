#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include "checks.hpp"
#include "cli/export_file.hpp"
#include "cli/export_lines.hpp"
#include "folder.hpp"

using namespace owhale;
using namespace owhale::cli;

namespace {

const std::string kOne = R"({"seq":1,"hash":"aa","event":{"seq":9}})", kTwo = R"({"seq":2,"hash":"bb","dropped":true})",
                  kHead = R"({"checkpoint":"o\n2\n"})";

std::string read(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

void put(const std::string& path, std::string_view text) {
    std::ofstream(path) << text;
}

} // namespace

TEST_CASE("the sequence of a line, in each format") {
    CHECK(sequence_of(kOne) == 1);
    CHECK(sequence_of(kTwo) == 2);
    CHECK(sequence_of(R"({"class_uid":3002,"metadata":{"sequence":77}})") == 77);
    CHECK(sequence_of("CEF:0|owhale|owhaled|1|login|Login|3|externalId=8 suser=a") == 8);
    CHECK(sequence_of("CEF:0|owhale|owhaled|1|login|Login|3|suser=a externalId=8") == std::nullopt);
    CHECK(sequence_of(R"(CEF:0|owhale|owhaled|1|login|\|externalId=7 \\|3|externalId=8 suser=a externalId=9)") == 8);
    CHECK(sequence_of(R"(CEF:0|owhale|owhaled|1|login|\|3|externalId=8)") == std::nullopt);
    for (const auto* text : {"", "{", "{\"seq\":}", "{\"seq\":-1}", "[1]", "{\"metadata\":{\"sequence\":\"7\"}}",
                             "{\"metadata\":{\"sequence\":-7}}", "{\"checkpoint\":\"x\"}"})
        CHECK_MESSAGE(!sequence_of(text), text);
    for (const auto* text : {"CEF:0|", "CEF:0|||||||", "CEF:0|||||||externalId=", "CEF:0|\\"})
        CHECK_MESSAGE(!sequence_of(text), text);
    CHECK(format_of(kHead) == "jsonl");
    CHECK(format_of("hello").empty());
}

TEST_CASE("the hash of a line, where owhaled puts it alone") {
    const std::string hash(64, 'b'), other(64, 'c');
    CHECK(hash_of("{\"seq\":1,\"hash\":\"" + hash + "\",\"event\":{\"hash\":\"" + other + "\"}}") == hash);
    CHECK(hash_of("CEF:0|a|b|1|e|" + other + "|3|externalId=8 cs1Label=leafHash cs1=" + hash + " suser=cs1=") == hash);
    CHECK(hash_of(R"({"message":"\"leaf_hash\":\"x","unmapped":{"leaf_hash":")" + hash + "\"}}") == hash);
    for (const auto* text : {"", "{", "{}", "CEF:0|", "{\"unmapped\":{\"leaf_hash\":7}}", "{\"leaf_hash\":\"x\"}"})
        CHECK_MESSAGE(hash_of(text).empty(), text);
}

TEST_CASE("lines are given on whole, however they come") {
    const auto all = kOne + "\n" + "\n" + kTwo + "\n" + kHead + "\n";
    for (std::size_t piece = 1; piece <= all.size(); ++piece) {
        std::string out;
        ExportLines lines([&](std::string_view some) -> Status {
            CHECK(some.ends_with('\n'));
            out += some;
            return {};
        });
        for (std::size_t at = 0; at < all.size(); at += piece)
            REQUIRE(lines.take(std::string_view(all).substr(at, piece)));
        CHECK(out == kOne + "\n" + kTwo + "\n" + kHead + "\n");
        CHECK(lines.last() == 2);
        CHECK(lines.bytes() == out.size());
    }
}

TEST_CASE("a problem of owhaled's ends it, and what came before it is given on") {
    std::string out;
    ExportLines lines([&](std::string_view some) -> Status {
        out += some;
        return {};
    });
    const auto end = lines.take(kOne + "\n{\"problem\":{\"code\":\"forbidden\",\"detail\":\"the right has gone\"}}\n");
    REQUIRE_FALSE(end);
    CHECK(end.error().message.find("the right has gone") != std::string::npos);
    CHECK(out == kOne + "\n");
}

TEST_CASE("a line without an end is refused") {
    ExportLines lines([](std::string_view) -> Status { return {}; });
    const std::string much(1 << 20, 'x');
    Status end;
    for (int i = 0; i < 64 && end; ++i) end = lines.take(much);
    CHECK_FALSE(end);
}

TEST_CASE("a file is gone on with after its last whole line") {
    test::Folder folder;
    const auto path = folder.path() + "/out";
    put(path, kOne + "\n" + kTwo + "\n" + kHead + "\n" + R"({"seq":3,"hash":"c)");
    {
        auto file = ExportFile::resume(path, "jsonl");
        REQUIRE(file);
        CHECK(file->after() == 2);
        CHECK(file->torn() == 18);
        CHECK(file->last_line() == kTwo);
        REQUIRE(file->write("more\n"));
    }
    CHECK(read(path) == kOne + "\n" + kTwo + "\n" + kHead + "\nmore\n");
}

TEST_CASE("a last line longer than the first look is found") {
    test::Folder folder;
    const auto path = folder.path() + "/out";
    const auto long_line = R"({"seq":5,"hash":"aa","event":{"a":")" + std::string(1'000'000, 'x') + "\"}}";
    put(path, kOne + "\n" + long_line + "\n");
    const auto file = ExportFile::resume(path, "jsonl");
    REQUIRE(file);
    CHECK(file->after() == 5);
    CHECK(file->torn() == 0);
}

TEST_CASE("what is no export of the format is left alone") {
    test::Folder folder;
    const auto path = folder.path() + "/out";
    for (const std::string text : {"hello\n", "hello", "{}\n", "\n\n",
                                   R"({"metadata":{"sequence":4}})"
                                   "\n"}) {
        put(path, text);
        CHECK_MESSAGE(!ExportFile::resume(path, "jsonl"), text);
        CHECK(read(path) == text);
        ::unlink(path.c_str());
    }
    REQUIRE(::symlink("/etc/passwd", path.c_str()) == 0);
    CHECK_FALSE(ExportFile::resume(path, "jsonl"));
    CHECK_FALSE(ExportFile::create(path));
    ::unlink(path.c_str());
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK_FALSE(ExportFile::resume(path, "jsonl"));
}

TEST_CASE("a new file is its owner's alone, and none is overwritten") {
    test::Folder folder;
    const auto path = folder.path() + "/out";
    REQUIRE(ExportFile::resume(path, "jsonl"));
    struct stat found{};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
    const auto again = ExportFile::create(path);
    REQUIRE_FALSE(again);
    CHECK(again.error().code == Code::conflict);
}
