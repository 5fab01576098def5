// Bytes of a script, one by one, with line continuations taken out and each byte's place in the judged text kept.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "policy/span.hpp"

namespace owhale::policy::shell {

constexpr int kEnd = -1;

class Reader {
public:
    // A range of the judged text itself, which starts there at `base`.
    explicit Reader(std::string_view text, std::uint32_t base = 0) : text_(text), base_(base) {}
    // A text made of it (backquotes, a here-document without its tabs): byte i came from origin[i].
    Reader(std::string_view text, std::span<const std::uint32_t> origin) : text_(text), origin_(origin) {}

    // The next byte, or the one `ahead` bytes after it, or kEnd; a backslash before a line's end is not there (nor
    // one before the text's end: bash adds the missing line end to a file).
    int peek() {
        skip_continuations(position_);
        return byte(position_);
    }
    int peek(std::size_t ahead) const;
    void skip(std::size_t count = 1);

    // The same as it stands: in '…', comments and here-documents a backslash before a line's end is data.
    int raw(std::size_t ahead = 0) const { return byte(position_ + ahead); }
    void skip_raw(std::size_t count = 1) { position_ += count; }

    std::size_t position() const { return position_; }
    void seek(std::size_t position) { position_ = position; }
    std::size_t size() const { return text_.size(); }
    std::string_view text(std::size_t begin, std::size_t end) const { return text_.substr(begin, end - begin); }
    Reader slice(std::size_t begin, std::size_t end) const;

    std::uint32_t place(std::size_t position) const; // in the judged text
    Span span(std::size_t begin, std::size_t end) const;

private:
    int byte(std::size_t at) const { return at < text_.size() ? static_cast<unsigned char>(text_[at]) : kEnd; }
    void skip_continuations(std::size_t& at) const {
        while (byte(at) == '\\' && (byte(at + 1) == '\n' || at + 1 == text_.size()))
            at = std::min(at + 2, text_.size());
    }

    std::string_view text_;
    std::span<const std::uint32_t> origin_;
    std::uint32_t base_ = 0;
    std::size_t position_ = 0;
};

} // namespace owhale::policy::shell
