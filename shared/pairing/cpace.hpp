// CPace: two sides that know the same short code agree on a key, and nobody else learns anything about the code but by
// guessing it once per attempt. Pure, but for the randomness of a share.
//
// draft-irtf-cfrg-cpace-21, cipher suite CPACE-RISTR255-SHA512, initiator and responder, with explicit key confirmation
// (its section on key confirmation) by HMAC-SHA-512. What else both have to agree on goes into `ad`.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "shared/error.hpp"

namespace owhale::pairing {

using Point = std::array<std::uint8_t, 32>;  // encoded ristretto255
using Scalar = std::array<std::uint8_t, 32>; // little endian
using Isk = std::array<std::uint8_t, 64>;    // the intermediate session key
using Tag = std::array<std::uint8_t, 64>;

// The draft's lv_cat: each part with its length in LEB128 before it.
std::string lv_cat(std::initializer_list<std::string_view> parts);
// The generator that a code, a channel identifier and a session make.
Point generator(std::string_view code, std::string_view ci, std::string_view sid);
// y * g; none for a point that is none, or when it comes out as the identity.
std::optional<Point> multiply(const Scalar& y, const Point& g);

struct Share { // one side's message, and what it is bound to
    Point y{};
    std::string ad;
};
Isk session_key(std::string_view sid, const Point& k, const Share& initiator, const Share& responder);

// One side of one attempt. Wiped when it goes.
class CPace {
public:
    enum class Side { initiator, responder };
    static constexpr std::size_t kSidSize = 16; // bytes, chosen anew by the initiator

    // With a share of its own.
    CPace(Side side, std::string_view code, std::string_view ci, std::string sid, std::string own_ad);
    CPace(CPace&& other) noexcept;
    CPace& operator=(CPace&&) = delete;
    ~CPace();

    const std::string& sid() const { return sid_; }
    const Share& own() const { return own_; }
    // The other side's message; once. invalid_value for a point that is none, the identity, or our own share again.
    Status meet(Share other);
    // After meet(): what we show, and whether what they show is right (in constant time). What was shown proves that the
    // code is the same and that both sides saw the same messages.
    Tag own_tag() const;
    bool is_their_tag(const Tag& tag) const;

private:
    Tag tag_of(const Share& share) const;
    Side side_;
    std::string sid_;
    Share own_, their_;
    Scalar y_{};
    std::array<std::uint8_t, 64> mac_key_{};
    bool met_ = false;
};

} // namespace owhale::pairing
