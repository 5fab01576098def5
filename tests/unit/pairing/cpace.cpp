// CPace against the draft's own test vectors, and against whoever stands in the middle.
#include "shared/pairing/cpace.hpp"

#include <sodium.h>

#include "checks.hpp"

using namespace owhale;
using namespace owhale::pairing;

namespace {

// draft-irtf-cfrg-cpace-21, "Test vector for CPace using group ristretto255 and hash SHA-512".
constexpr const char* kCode = "Password";
constexpr std::string_view kCi = "\x0b"
                                 "A_initiator\x0b"
                                 "B_responder";
constexpr const char* kSid = "7e4b4791d6a8ef019b936c79fb7f2c57";
constexpr const char* kG = "222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56";
constexpr const char* kya = "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08";
constexpr const char* kYa = "d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157";
constexpr const char* kyb = "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d";
constexpr const char* kYb = "3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258";
constexpr const char* kK = "80b69a8a76457ab6a4d7f887a4bf6b55a2f80ac19c333f917a05fc9887c8b40f";
constexpr const char* kIsk = "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd"
                             "2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447";

std::string hex(const auto& bytes) {
    std::string out(2 * bytes.size() + 1, '\0');
    ::sodium_bin2hex(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    out.pop_back();
    return out;
}

std::string unhex(std::string_view text) {
    std::string out(text.size() / 2, '\0');
    ::sodium_hex2bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(), text.size(), nullptr,
                     nullptr, nullptr);
    return out;
}

Point point(std::string_view text) {
    Point out{};
    const auto bytes = unhex(text);
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

constexpr const char* kCodeOfOurs = "7K3M9QXT";
constexpr std::string_view kOurCi = "owhaled pair 1";

struct Pair {
    CPace device, daemon;
    explicit Pair(std::string_view typed = kCodeOfOurs)
        : device(CPace::Side::initiator, typed, kOurCi, std::string(16, 's'), "key and certificate"),
          daemon(CPace::Side::responder, kCodeOfOurs, kOurCi, std::string(16, 's'), "certificate") {}
    bool agree() const { return daemon.is_their_tag(device.own_tag()) && device.is_their_tag(daemon.own_tag()); }
};

} // namespace

TEST_CASE("lengths are LEB128, as the draft's appendix has them") {
    CHECK(hex(lv_cat({"1234"})) == "0431323334");
    CHECK(hex(lv_cat({""})) == "00");
    CHECK(hex(lv_cat({std::string(127, 'x')})).substr(0, 4) == "7f78");
    CHECK(hex(lv_cat({std::string(128, 'x')})).substr(0, 6) == "800178");
    CHECK(hex(lv_cat({"1234", "5", "", "678"})) == "043132333401350003363738");
}

TEST_CASE("the draft's vectors: generator, shares, secret, key") {
    const auto g = generator(kCode, kCi, unhex(kSid));
    CHECK(hex(g) == kG);
    CHECK(hex(*multiply(point(kya), g)) == kYa);
    CHECK(hex(*multiply(point(kyb), g)) == kYb);
    CHECK(hex(*multiply(point(kya), point(kYb))) == kK);
    CHECK(hex(*multiply(point(kyb), point(kYa))) == kK);
    CHECK(hex(session_key(unhex(kSid), point(kK), {point(kYa), "ADa"}, {point(kYb), "ADb"})) == kIsk);
}

TEST_CASE("with one code both sides agree, with two they do not") {
    Pair good;
    REQUIRE(good.daemon.meet(good.device.own()));
    REQUIRE(good.device.meet(good.daemon.own()));
    CHECK(good.agree());

    Pair bad("7K3M9QXV");
    REQUIRE(bad.daemon.meet(bad.device.own()));
    REQUIRE(bad.device.meet(bad.daemon.own()));
    CHECK_FALSE(bad.daemon.is_their_tag(bad.device.own_tag()));
    CHECK_FALSE(bad.device.is_their_tag(bad.daemon.own_tag()));
}

TEST_CASE("who swaps a key or a certificate on the way breaks both proofs") {
    Pair one;
    auto swapped = one.device.own();
    swapped.ad = "another key and certificate";
    REQUIRE(one.daemon.meet(swapped));
    REQUIRE(one.device.meet(one.daemon.own()));
    CHECK_FALSE(one.daemon.is_their_tag(one.device.own_tag()));
    CHECK_FALSE(one.device.is_their_tag(one.daemon.own_tag()));

    Pair two;
    auto other = two.daemon.own();
    other.ad = "another certificate";
    REQUIRE(two.daemon.meet(two.device.own()));
    REQUIRE(two.device.meet(other));
    CHECK_FALSE(two.device.is_their_tag(two.daemon.own_tag()));
    CHECK_FALSE(two.daemon.is_their_tag(two.device.own_tag()));
}

TEST_CASE("points that are none are refused, and so is what comes back") {
    const auto refused = [](Point y) {
        Pair pair;
        return !pair.daemon.meet({y, ""});
    };
    CHECK(refused({}));                                                                        // the identity
    CHECK(refused(point(std::string(64, 'f'))));                                               // no field element
    CHECK(refused(point("0100000000000000000000000000000000000000000000000000000000000000"))); // negative
    CHECK(refused(point("2b7f8fa3f3c5f8ee4a2a2c9f7e9d3c1b00000000000000000000000000000080")));
    Pair mirrored;
    CHECK_FALSE(mirrored.daemon.meet(mirrored.daemon.own()));
    Pair twice;
    REQUIRE(twice.daemon.meet(twice.device.own()));
    CHECK_FALSE(twice.daemon.meet(twice.device.own()));
}

TEST_CASE("without the other side's share there is no proof") {
    Pair pair;
    CHECK_FALSE(pair.daemon.is_their_tag(pair.daemon.own_tag()));
    CHECK_FALSE(pair.daemon.is_their_tag({}));
}

TEST_CASE("a tag is for one side: it cannot be sent back") {
    Pair pair;
    REQUIRE(pair.daemon.meet(pair.device.own()));
    REQUIRE(pair.device.meet(pair.daemon.own()));
    CHECK_FALSE(pair.daemon.is_their_tag(pair.daemon.own_tag()));
}
