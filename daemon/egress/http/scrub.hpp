// Cuts the values of secrets out of what a host answers, in the forms in which an echo would carry them.
//
// Forms: as they are; base64 and base64url (RFC 4648) at each of the three alignments; hexadecimal in any case;
// percent-encoded (RFC 3986) and backslash-escaped (RFC 8259), each byte of it or some. What is found is replaced by as many
// bytes: the placeholder and asterisks behind it, or asterisks alone where it has no room. A stream may be cut into pieces
// anywhere. At most the first three bytes of a value are shown when a piece ends there. What may be its beginning, by its first
// four bytes, is held back until there is as much as it has: what is held back tells who chooses the text those four at most.
// Linear time but for the size of a value.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret_bytes.hpp"

namespace owhale::egress::http {

// A shorter value is no secret: it would be found everywhere.
inline constexpr std::size_t kShortestValue = 4;

class Needles {
public:
    // Idempotent: a value that is known already is not added again. Shorter than kShortestValue: not added.
    void add(std::string_view value, std::string placeholder);
    bool empty() const { return secrets_.empty(); }

    struct Found {
        std::size_t at = std::string_view::npos, size = 0;
        const std::string* placeholder = nullptr;
    };
    // The first at or after `from`.
    Found find(std::string_view text, std::size_t from = 0) const;
    // Where the longest end of `text` starts that may be the beginning of one; text.size() none.
    std::size_t beginning(std::string_view text) const;

private:
    struct Needle { // a text to be found as it is
        std::size_t at, size;
    };
    struct Secret {
        SecretBytes bytes;           // the value, then its needles
        std::size_t value = 0;       // size
        std::vector<Needle> needles; // of `bytes`, the value itself first
        std::string placeholder;
        std::string_view text() const { return bytes.text().substr(0, value); }
    };
    static void find_plain(const Secret& secret, std::string_view text, Found& best);

    std::vector<Secret> secrets_;
};

class Scrubber {
public:
    explicit Scrubber(std::shared_ptr<const Needles> needles) : needles_(std::move(needles)) {}
    // Cuts of one answer: each costs a search of its own, and so many are no accident.
    static constexpr std::size_t kMostCuts = 256;
    // Appends to `out` what may be shown by now. Beyond kMostCuts nothing more is.
    void push(std::string_view piece, std::string& out);
    void finish(std::string& out);
    std::size_t cuts() const { return cuts_; }

private:
    std::shared_ptr<const Needles> needles_;
    std::string held_;      // what may be the beginning of a value
    std::size_t shown_ = 0; // bytes of it that were given out
    std::size_t cuts_ = 0;
};

} // namespace owhale::egress::http
