#include "shared/pairing/cpace.hpp"

#include <sodium.h>
#include <utility>

namespace owhale::pairing {
namespace {

constexpr std::string_view kDsi = "CPaceRistretto255", kDsiIsk = "CPaceRistretto255_ISK", kMac = "CPaceMac";
constexpr std::size_t kBlock = 128; // bytes that SHA-512 takes at once

const unsigned char* raw(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string_view view(const auto& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::array<std::uint8_t, 64> sha512(std::string_view bytes) {
    std::array<std::uint8_t, crypto_hash_sha512_BYTES> digest{};
    ::crypto_hash_sha512(digest.data(), raw(bytes), bytes.size());
    return digest;
}

void wipe(auto& bytes) {
    ::sodium_memzero(bytes.data(), bytes.size());
}

std::string prepend_len(std::string_view bytes) {
    std::string out;
    auto left = bytes.size();
    for (; left > 0x7f; left >>= 7) out += static_cast<char>(0x80 | (left & 0x7f));
    out += static_cast<char>(left);
    return out += bytes;
}

// Fills the first block, so that what is hashed of the code alone takes the same time whatever its length.
std::size_t padding(std::string_view code) {
    const auto used = 1 + prepend_len(code).size() + prepend_len(kDsi).size();
    return used < kBlock ? kBlock - used : 0;
}

bool is_identity(const Point& point) {
    return ::sodium_is_zero(point.data(), point.size()) == 1;
}

} // namespace

std::string lv_cat(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (const auto part : parts) out += prepend_len(part);
    return out;
}

Point generator(std::string_view code, std::string_view ci, std::string_view sid) {
    auto text = lv_cat({kDsi, code, std::string(padding(code), '\0'), ci, sid});
    auto hash = sha512(text);
    Point g{};
    ::crypto_core_ristretto255_from_hash(g.data(), hash.data());
    wipe(text);
    wipe(hash);
    return g;
}

std::optional<Point> multiply(const Scalar& y, const Point& g) {
    Point out{};
    if (::crypto_core_ristretto255_is_valid_point(g.data()) != 1 || is_identity(g)) return std::nullopt;
    if (::crypto_scalarmult_ristretto255(out.data(), y.data(), g.data()) != 0 || is_identity(out)) return std::nullopt;
    return out;
}

Isk session_key(std::string_view sid, const Point& k, const Share& initiator, const Share& responder) {
    auto text = lv_cat({kDsiIsk, sid, view(k)}) + lv_cat({view(initiator.y), initiator.ad}) +
                lv_cat({view(responder.y), responder.ad});
    const auto isk = sha512(text);
    wipe(text);
    return isk;
}

CPace::CPace(Side side, std::string_view code, std::string_view ci, std::string sid, std::string own_ad)
    : side_(side), sid_(std::move(sid)) {
    ::crypto_core_ristretto255_scalar_random(y_.data());
    auto g = generator(code, ci, sid_);
    own_.y = multiply(y_, g).value_or(Point{}); // neither is zero, and the order is prime
    own_.ad = std::move(own_ad);
    wipe(g);
}

CPace::CPace(CPace&& other) noexcept
    : side_(other.side_), sid_(std::move(other.sid_)), own_(std::move(other.own_)), their_(std::move(other.their_)),
      y_(other.y_), mac_key_(other.mac_key_), met_(std::exchange(other.met_, false)) {
    wipe(other.y_);
    wipe(other.mac_key_);
}

CPace::~CPace() {
    wipe(y_);
    wipe(mac_key_);
}

Status CPace::meet(Share other) {
    auto k = met_ || other.y == own_.y ? std::nullopt : multiply(y_, other.y);
    wipe(y_);
    if (!k) return fail(Code::invalid_value, "the other side's share is no point that a code could make");
    their_ = std::move(other);
    const bool first = side_ == Side::initiator;
    auto isk = session_key(sid_, *k, first ? own_ : their_, first ? their_ : own_);
    auto text = std::string(kMac) + sid_ + std::string(view(isk));
    mac_key_ = sha512(text);
    met_ = true;
    wipe(*k);
    wipe(isk);
    wipe(text);
    return {};
}

Tag CPace::tag_of(const Share& share) const {
    const auto text = lv_cat({view(share.y), share.ad});
    Tag tag{};
    crypto_auth_hmacsha512_state state;
    ::crypto_auth_hmacsha512_init(&state, mac_key_.data(), mac_key_.size());
    ::crypto_auth_hmacsha512_update(&state, raw(text), text.size());
    ::crypto_auth_hmacsha512_final(&state, tag.data());
    ::sodium_memzero(&state, sizeof state);
    return tag;
}

Tag CPace::own_tag() const {
    return tag_of(own_);
}

bool CPace::is_their_tag(const Tag& tag) const {
    const auto right = tag_of(their_);
    return met_ && ::sodium_memcmp(right.data(), tag.data(), tag.size()) == 0;
}

} // namespace owhale::pairing
