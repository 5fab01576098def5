#include "base/files.hpp"

#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>

#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;

TEST_CASE("a file is written whole, with its mode, and read back") {
    const test::Folder folder;
    const auto path = folder / "key";
    REQUIRE(write_file(path, "first", 0600));
    REQUIRE(write_file(path, "second", 0600));
    CHECK_EQ(read_file(path, 100).value_or(""), "second");
    struct stat st{};
    REQUIRE_EQ(::stat(path.c_str(), &st), 0);
    CHECK_EQ(st.st_mode & 07777, 0600);
}

TEST_CASE("a file over the limit is refused, not cut") {
    const test::Folder folder;
    REQUIRE(write_file(folder / "a", std::string(100, 'x'), 0600));
    CHECK(read_file(folder / "a", 100));
    CHECK_EQ(read_file(folder / "a", 99).error().code, Code::body_too_large);
}

TEST_CASE("a file that others can write is not trusted") {
    const test::Folder folder;
    const auto path = folder / "conf";
    REQUIRE(write_file(path, "x", 0644));
    CHECK(read_trusted(path, 10));
    ::chmod(path.c_str(), 0664);
    CHECK_EQ(read_trusted(path, 10).error().code, Code::config_invalid);
    REQUIRE_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    CHECK_FALSE(read_trusted(folder / "pipe", 10));
    CHECK_EQ(read_trusted(folder / "none", 10).error().errnum, ENOENT);
}

TEST_CASE("a private folder is made once, and nothing else is taken for it") {
    const test::Folder folder;
    CHECK(ensure_private_dir(folder / "state", 0700));
    CHECK(ensure_private_dir(folder / "state", 0700));
    ::chmod((folder / "state").c_str(), 0777);
    CHECK_FALSE(ensure_private_dir(folder / "state", 0700));
    std::ofstream(folder / "file") << "";
    CHECK_EQ(ensure_private_dir(folder / "file", 0700).error().errnum, ENOTDIR);
    REQUIRE_EQ(::symlink(folder.path().c_str(), (folder / "link").c_str()), 0);
    CHECK_EQ(ensure_private_dir(folder / "link", 0700).error().errnum, ENOTDIR);
}

TEST_CASE("a descriptor is closed by its owner and by nobody else") {
    const int raw = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    {
        Fd first(raw);
        Fd second = std::move(first);
        CHECK_FALSE(first);
        CHECK_EQ(::fcntl(raw, F_GETFD), FD_CLOEXEC);
    }
    CHECK_EQ(::fcntl(raw, F_GETFD), -1);
}
