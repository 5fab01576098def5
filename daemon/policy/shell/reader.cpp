#include "policy/shell/reader.hpp"

namespace owhale::policy::shell {

int Reader::peek(std::size_t ahead) const {
    auto at = position_;
    for (;; --ahead, ++at) {
        skip_continuations(at);
        if (ahead == 0 || at >= text_.size()) return byte(at);
    }
}

void Reader::skip(std::size_t count) {
    for (; count > 0; --count) {
        skip_continuations(position_);
        if (position_ < text_.size()) ++position_;
    }
}

Reader Reader::slice(std::size_t begin, std::size_t end) const {
    if (origin_.empty()) return Reader(text(begin, end), base_ + static_cast<std::uint32_t>(begin));
    return Reader(text(begin, end), origin_.subspan(begin, end - begin));
}

std::uint32_t Reader::place(std::size_t position) const {
    if (origin_.empty()) return base_ + static_cast<std::uint32_t>(position);
    if (position < origin_.size()) return origin_[position];
    return origin_.back() + 1;
}

Span Reader::span(std::size_t begin, std::size_t end) const {
    if (end <= begin) return {place(begin), place(begin)};
    return {place(begin), place(end - 1) + 1};
}

} // namespace owhale::policy::shell
