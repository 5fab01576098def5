#include "sandbox/receipt.hpp"

#include <sys/stat.h>

#include "checks.hpp"
#include "folder.hpp"

using namespace owhale;
using namespace owhale::sandbox;

namespace {

api::Receipt some_receipt() {
    api::Receipt receipt;
    receipt.run = "0192f0c1-2345-7000-8000-000000000000";
    receipt.limits["memory"] = "1 by cgroup";
    receipt.exit_code = 0;
    receipt.usage.wall_us = 12;
    return receipt;
}

} // namespace

TEST_CASE("a receipt is signed, and any change is found") {
    const test::Folder folder;
    const auto key = ReceiptKey::open(folder.path());
    REQUIRE(key);
    auto receipt = some_receipt();
    REQUIRE((*key)->sign(receipt));
    CHECK_EQ(receipt.key_id, (*key)->key_id());
    CHECK(*verify_receipt(receipt, (*key)->public_key()));
    auto forged = receipt;
    forged.exit_code = 1;
    CHECK_FALSE(*verify_receipt(forged, (*key)->public_key()));
    forged = receipt;
    forged.signature = "";
    CHECK_FALSE(*verify_receipt(forged, (*key)->public_key()));
    CHECK_FALSE(verify_receipt(receipt, "short"));
}

TEST_CASE("the key is made once, is private, and a damaged or open one is refused") {
    const test::Folder folder;
    const auto first = (*ReceiptKey::open(folder.path()))->public_key();
    CHECK_EQ((*ReceiptKey::open(folder.path()))->public_key(), first);
    struct stat st{};
    REQUIRE_EQ(::stat((folder / "receipt.key").c_str(), &st), 0);
    CHECK_EQ(st.st_mode & 0777, 0600);
    ::chmod((folder / "receipt.key").c_str(), 0644);
    CHECK_EQ(ReceiptKey::open(folder.path()).error().code, Code::state_unavailable);
    ::chmod((folder / "receipt.key").c_str(), 0600);
    REQUIRE_EQ(::truncate((folder / "receipt.key").c_str(), 5), 0);
    CHECK_EQ(ReceiptKey::open(folder.path()).error().code, Code::state_unavailable);
}
