#include "identity/passwords.hpp"

#include <algorithm>
#include <atomic>

#include "checks.hpp"
#include "identity/argon2.hpp"

using namespace owhale;
using namespace owhale::identity;

TEST_CASE("length is counted in characters, 8 to 128") {
    CHECK(check_new_password("q7 wz kp", "alice"));
    CHECK_FALSE(check_new_password("q7 wz k", "alice"));
    std::string umlauts;
    for (int i = 0; i < 128; ++i) umlauts += "ü";
    CHECK(check_new_password(umlauts, "alice"));
    CHECK_FALSE(check_new_password(umlauts + "ü", "alice"));
    CHECK(check_new_password("        x", "alice"));
}

TEST_CASE("common passwords and the account's name are refused, in any case") {
    CHECK_GT(common_passwords().size(), 3000);
    CHECK(std::ranges::is_sorted(common_passwords()));
    for (const auto* word : {"password123", "PassWord123", "12345678", "iloveyou", "qwertyuiop"})
        CHECK_EQ(check_new_password(word, "alice").error().code, Code::password_weak);
    CHECK_EQ(check_new_password("my Alice is best", "alice").error().code, Code::password_weak);
    CHECK_EQ(check_new_password("bartholomew", "bartholomew").error().code, Code::password_weak);
    CHECK(check_new_password("a quite long one", "a"));
}

TEST_CASE("what is not text is no password") {
    CHECK_FALSE(check_new_password("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", "alice"));
    CHECK_FALSE(check_new_password(std::string("long enough\0hidden", 18), "alice"));
    CHECK_FALSE(check_tried_password(""));
    CHECK(check_tried_password("admin"));
    CHECK_FALSE(check_tried_password(std::string(129, 'a')));
}

TEST_CASE("a password that owhaled makes is a good one, and another each time") {
    const auto one = make_password();
    CHECK_EQ(one.size(), 23);
    CHECK(check_new_password(one, "alice"));
    CHECK_NE(one, make_password());
}

TEST_CASE("a hash fits its password alone; nobody's fits none, and costs as much") {
    std::atomic<std::uint64_t> calls{0};
    const Argon2 argon2({8u << 20, 1}, &calls);
    const auto hash = argon2.make("secret words");
    REQUIRE(hash);
    CHECK(argon2.check(*hash, "secret words"));
    CHECK_FALSE(argon2.check(*hash, "secret word"));
    const auto nobodys = argon2.nobodys();
    CHECK_EQ(nobodys.size(), hash->size());
    CHECK_EQ(nobodys.substr(0, nobodys.find("p=1$") + 4), hash->substr(0, hash->find("p=1$") + 4));
    CHECK_FALSE(argon2.check(nobodys, "secret words"));
    CHECK_EQ(calls, 4);
    CHECK_FALSE(argon2.check("", ""));
    CHECK_FALSE(argon2.check(std::string(1000, '$'), ""));
}

TEST_CASE("a hash is cheap when the cost has risen since") {
    const Argon2 low({8u << 20, 1}), more_memory({16u << 20, 1}), more_passes({8u << 20, 2});
    const auto hash = *low.make("x");
    CHECK_FALSE(low.is_cheap(hash));
    CHECK(more_memory.is_cheap(hash));
    CHECK(more_passes.is_cheap(hash));
    CHECK_FALSE(low.is_cheap(*more_memory.make("x")));
}
