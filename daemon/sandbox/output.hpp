// What is kept of one stream: its head and its tail in a file, and the length of all of it.
//
// File: a header of 64 bytes, then `head` bytes that are never overwritten, then a ring of `tail` bytes. The header is
// brought up to date with every append, so that what a crash leaves behind can still be read. The file is made with the
// first byte. When it cannot be written (a full disk), the run goes on: the length stays true, and the newest
// bytes stay readable from memory for those who are attached.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::sandbox {

class Output {
public:
    static constexpr std::uint64_t kLeastKept = 128u << 10; // head and tail together

    // `keep` bytes at most are kept of what append() brings.
    Output(std::string path, std::uint64_t keep);
    // An ended run's file, for reading; not_found when it was removed or nothing was ever written.
    static Result<Output> open(const std::string& path);

    void append(std::string_view bytes);

    struct Slice {
        std::uint64_t offset = 0; // of the first byte; beyond what was asked for when the middle is not kept
        std::string bytes;        // "" at the end
    };
    Slice read(std::uint64_t offset, std::size_t limit) const;

    std::uint64_t length() const { return length_; }
    bool truncated() const { return head_end() < tail_start() || kept_end_ < length_; }
    // Kept are [0, head_end) and [tail_start, kept_end); the two meet when nothing is missing between them.
    std::uint64_t head_end() const { return std::min(kept_end_, head_); }
    std::uint64_t tail_start() const { return kept_end_ > head_ + tail_ ? kept_end_ - tail_ : head_end(); }
    std::uint64_t kept() const { return head_end() + (kept_end_ - tail_start()); }
    // How far behind a live reader may be and still miss nothing.
    std::uint64_t reach() const { return std::min<std::uint64_t>(256u << 10, tail_ / 2); }

private:
    Output() = default;
    bool store(std::string_view bytes);
    bool write_at(std::uint64_t offset, std::string_view bytes);
    bool write_header() const;
    bool make_file();
    std::string read_file(std::uint64_t offset, std::size_t limit) const;

    std::string path_;
    Fd file_;
    std::uint64_t head_ = 0, tail_ = 0;
    std::uint64_t length_ = 0;   // bytes that came
    std::uint64_t kept_end_ = 0; // bytes that went to the file; short of length_ once it could not be written
    bool broken_ = false;
    std::string window_; // the newest bytes, once broken
};

} // namespace owhale::sandbox
