// Is there a secret at this place? Pure: the answer depends on the bytes alone, so that a stream cut anywhere gets the same.
#pragma once

#include <cstddef>
#include <string_view>

#include "redact/secrets.hpp"

namespace owhale::redact {

inline constexpr std::size_t kContext = 64;     // bytes before a place that are looked at
inline constexpr std::size_t kDecided = 128;    // bytes of a secret after which its kind is settled
inline constexpr std::size_t kMaxHeader = 1024; // of a JWT
// Behind a prefix, so many bytes tell a secret: before them a stream that pauses is shown what it wrote, after them not.
inline constexpr std::size_t kTellTale = 4;
inline constexpr std::size_t kValueTellTale = 8; // of an assignment's value, which any word begins like

struct Finding {
    enum class Kind {
        none,
        wait,        // more bytes decide
        secret,      // `keep` bytes are shown, the `cut` after them are masked, and what follows of `rest` with them
        private_key, // a PEM block begins: `keep` bytes are its first line
    } kind = Kind::none;
    std::size_t keep = 0, cut = 0;
    std::string_view label;
    Alphabet rest = Alphabet::alnum;
    bool open = false; // the secret may go on beyond `cut`
    bool told = false; // of wait: the tell-tale has been seen
};

// `text` from `at` on; what lies before `at` has been looked at. `final`: no more bytes come.
Finding find_secret(std::string_view text, std::size_t at, bool final);

} // namespace owhale::redact
