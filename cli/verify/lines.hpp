// The lines of a text that comes in pieces.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cli/verify/examine.hpp"

namespace owhale::cli::verify {

inline constexpr std::size_t kLongestLine = 16u << 20; // bytes; an event has at most half of it

class Lines {
public:
    explicit Lines(const Pieces& pieces) : pieces_(pieces) {}
    // The next line without its end, valid till the next call; nothing at the end. What is cut off at the end is told.
    Result<std::optional<std::string_view>> next() {
        for (;;) {
            const auto end = text_.find('\n', scanned_);
            if (end != text_.npos) {
                const auto line = std::string_view(text_).substr(begin_, end - begin_);
                begin_ = scanned_ = end + 1;
                return line;
            }
            text_.erase(0, std::exchange(begin_, 0));
            scanned_ = text_.size();
            if (text_.size() > kLongestLine) return fail(Code::state_unavailable, "a line is longer than any event");
            const auto more = TRY(pieces_());
            if (more.empty()) break;
            text_ += more;
        }
        cut_ = !text_.empty();
        return std::nullopt;
    }
    bool cut() const { return cut_; }

private:
    const Pieces& pieces_;
    std::string text_;
    std::size_t begin_ = 0, scanned_ = 0;
    bool cut_ = false;
};

} // namespace owhale::cli::verify
