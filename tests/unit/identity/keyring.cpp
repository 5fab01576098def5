#include "identity/keyring.hpp"

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "checks.hpp"
#include "folder.hpp"
#include "store/migrations.hpp"

using namespace owhale;
using namespace owhale::identity;

namespace {

struct Opened {
    test::Folder folder;
    store::Database database = std::move(*store::Database::open(folder / "state.db", store::Durability::process));
    Opened() { REQUIRE(store::migrate(database, "state")); }
    Result<std::unique_ptr<Keyring>> open(std::int64_t now = 1) { return Keyring::open(database, folder / "jwt", now); }
    std::string file(const Keyring& ring) const { return folder / ("jwt/" + ring.current().id() + ".key"); }
    Error refusal() {
        const auto opened = open();
        REQUIRE_FALSE(opened);
        CHECK_EQ(opened.error().code, Code::state_unavailable);
        CHECK_FALSE(opened.error().next.empty());
        return opened.error();
    }
};

} // namespace

TEST_CASE("the first start makes a key that the next one finds, closed to others") {
    Opened it;
    const auto first = *it.open(5);
    CHECK_EQ(first->made(), 5);
    struct stat st{};
    REQUIRE_EQ(::stat(it.file(*first).c_str(), &st), 0);
    CHECK_EQ(st.st_mode & 07777, 0600);
    const auto again = *it.open(9);
    CHECK_EQ(again->current().id(), first->current().id());
    CHECK_EQ(again->made(), 5);
    CHECK_EQ(again->jwks().keys.size(), 1);
}

TEST_CASE("a key that is missing, damaged, open to others or another one stops the start with what to do") {
    Opened it;
    const auto path = it.file(**it.open());
    ::chmod(path.c_str(), 0640);
    CHECK_EQ(it.refusal().next, "chmod 600 " + path);
    ::chmod(path.c_str(), 0600);
    if (::geteuid() == 0) {
        REQUIRE_EQ(::chown(path.c_str(), 4242, 0), 0);
        CHECK_NE(it.refusal().message.find("belongs to uid 4242"), std::string::npos);
        REQUIRE_EQ(::chown(path.c_str(), 0, 0), 0);
    }
    ::rename(path.c_str(), (path + ".away").c_str());
    CHECK_NE(it.refusal().message.find("is missing: " + path), std::string::npos);
    std::ofstream(path) << std::string(32, 'x');
    ::chmod(path.c_str(), 0600);
    CHECK_NE(it.refusal().message.find("another key"), std::string::npos);
    REQUIRE_EQ(::truncate(path.c_str(), 5), 0);
    CHECK_NE(it.refusal().message.find("damaged"), std::string::npos);
    ::unlink(path.c_str());
    REQUIRE_EQ(::symlink((path + ".away").c_str(), path.c_str()), 0);
    CHECK_NE(it.refusal().message.find("symbolic link"), std::string::npos);
}

TEST_CASE("a lost key can be given up: a new one signs, the old one's tokens are believed") {
    Opened it;
    std::string old;
    {
        const auto ring = *it.open();
        old = ring->current().id();
        ::unlink(it.file(*ring).c_str());
    }
    const auto next = it.refusal().next;
    const auto marker = it.folder / ("jwt/" + old + ".retired");
    CHECK_NE(next.find("touch " + marker), std::string::npos);
    std::ofstream(marker) << "";
    const auto ring = *it.open(7);
    CHECK_NE(ring->current().id(), old);
    CHECK(ring->find(old) != nullptr);
    CHECK_NE(::access(marker.c_str(), F_OK), 0);
}

TEST_CASE("after a rotation the new key signs, the old one is believed and its file is gone") {
    Opened it;
    const auto ring = *it.open();
    const auto old = ring->current().id();
    const auto old_file = it.file(*ring);
    REQUIRE(ring->adopt(*ring->prepare(), 8));
    CHECK_NE(ring->current().id(), old);
    CHECK_EQ(ring->made(), 8);
    CHECK_EQ(ring->retired(), std::vector<std::string>{old});
    CHECK_EQ(ring->jwks().keys.size(), 2);
    CHECK_NE(::access(old_file.c_str(), F_OK), 0);
    CHECK((*it.open())->find(old) != nullptr);
    REQUIRE(ring->drop(old));
    CHECK(ring->find(old) == nullptr);
    CHECK((*it.open())->find(old) == nullptr);
}
