// Masks secrets in a stream of bytes: `[redacted:github-token]` stands where one was, every other byte passes as it came.
//
// What is known: keys and tokens by their look (secrets.hpp), the bodies of PEM private keys, JWTs, passwords in URLs,
// Authorization values, values that look made by a machine behind a name such as `password` or `token`, and the vault's own
// (known.hpp), whatever they look like.
// A stream may be cut into chunks anywhere: the bytes that come out are the same. Only what may be the start of a secret is
// held back: up to 1.1 KiB, for the header of a JWT; of anything else up to 260 bytes. Linear time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "redact/known.hpp"
#include "redact/secrets.hpp"

namespace owhale::redact {

class Redactor {
public:
    // Appends to `out` what may be shown by now.
    void push(std::string_view chunk, std::string& out);
    // The stream has paused: shows what is held back, but for what has a secret's tell-tale (finding.hpp). If it goes on
    // as a secret all the same, the rest of it is masked.
    void pause(std::string& out);
    // The stream has ended.
    void finish(std::string& out);
    // What is held back now.
    std::string held() const { return buffer_.substr(shown_) + std::string(known_.held()); }
    // Something is held back that pause() would show.
    bool has_shy() const { return known_.has_shy() || (!told_ && shown_ < buffer_.size()); }

private:
    enum class State : std::uint8_t { text, rest_of_secret, private_key };
    void scan(std::string& out, bool final);
    bool read_text(std::string& out, bool final);
    void drop_rest();
    void read_key(std::string& out);
    void give(std::size_t to, std::string& out);
    void give_dashes(std::string& out);
    void skip(std::size_t to);
    void mask(std::string_view label, std::string& out);
    void forget();

    KnownFilter known_;     // before all else
    std::string buffer_;    // context, then what is not decided
    std::size_t at_ = 0;    // the first byte that is not decided
    std::size_t shown_ = 0; // bytes of buffer_ that were given out or masked; beyond at_ after a pause
    State state_ = State::text;
    Alphabet rest_ = Alphabet::alnum;                                     // of rest_of_secret
    bool told_ = false;                                                   // what is held back has its tell-tale
    bool line_start_ = false, line_masked_ = false, line_header_ = false; // of private_key
    unsigned dashes_ = 0;
    std::size_t key_bytes_ = 0;
};

// The whole of a text.
std::string redacted(std::string_view text);
// Of an argv: what stands in one argument, and what a name in the argument before it announces (`--password X`).
void redact_arguments(std::vector<std::string>& argv);

} // namespace owhale::redact
