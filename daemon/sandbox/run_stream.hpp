// One stream of a live run: what is kept of it, with its secrets masked, and what its live readers get of it.
//
// Length and digest are of what was written; positions in what is kept are positions in the masked text, which may be
// shorter or longer. Live readers get the masked text too, or, where owhaled is told so, the bytes as they were written,
// from the moment of their coming on: these are held in memory alone, and only for as long as somebody reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "redact/redactor.hpp"
#include "sandbox/digest.hpp"
#include "sandbox/output.hpp"

namespace owhale::sandbox {

class RunStream {
public:
    RunStream(std::string path, std::uint64_t keep, bool masks_live)
        : kept_(std::move(path), keep), masks_live_(masks_live) {}

    // --- what the run writes ---
    void take(std::string_view bytes);
    // It paused: what is no secret yet is shown. False when there is nothing to wait for.
    bool has_shy() const { return redactor_.has_shy(); }
    void pause();
    void end();

    std::uint64_t length() const { return length_; }   // bytes written
    std::string digest() const { return hash_.hex(); } // of these
    const Output& kept() const { return kept_; }

    // --- live readers ---
    struct Reader {
        std::uint64_t at = 0;      // in what is kept, up to `until`; then in what was written
        std::uint64_t until = 0;   // 0: nothing of what is kept any more
        std::uint64_t live_at = 0; // in what was written
    };
    // Whoever comes later can still have all from the start on as it was written, while it is not too much.
    void hold_window(bool hold);
    Reader reader(bool replay);
    std::uint64_t behind(const Reader& reader) const; // bytes that it has not had
    Output::Slice read(Reader& reader, std::size_t limit) const;
    void advance(Reader& reader, const Output::Slice& slice) const;
    // No reader needs what was written before this position.
    void forget_before(std::uint64_t live_at);
    std::uint64_t reach() const { return kept_.reach(); }

private:
    void show(const std::string& masked);

    Output kept_;
    redact::Redactor redactor_;
    Sha256 hash_;
    std::uint64_t length_ = 0;
    bool masks_live_;
    bool windowed_ = false; // somebody reads, or will: the newest bytes are held as they were written
    std::string window_;    // up to length_
};

} // namespace owhale::sandbox
