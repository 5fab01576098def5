#include "redact/redactor.hpp"

#include "redact/assignment.hpp"
#include "redact/finding.hpp"

namespace owhale::redact {
namespace {

constexpr std::string_view kKeyLabel = "private-key";
constexpr std::size_t kMaxKey = 64u << 10; // a block that never ends is none
constexpr unsigned kDashes = 5;

bool is_line_end(char c) {
    return c == '\n' || c == '\r';
}

} // namespace

void Redactor::give(std::size_t to, std::string& out) {
    if (to > shown_) {
        out.append(buffer_, shown_, to - shown_);
        shown_ = to;
    }
    at_ = to;
}

void Redactor::skip(std::size_t to) {
    at_ = to;
    if (to > shown_) shown_ = to;
}

void Redactor::mask(std::string_view label, std::string& out) {
    ((out += "[redacted:") += label) += ']';
}

void Redactor::push(std::string_view chunk, std::string& out) {
    known_.push(chunk, buffer_);
    scan(out, false);
    forget();
}

void Redactor::finish(std::string& out) {
    known_.finish(buffer_);
    scan(out, true);
    if (state_ == State::private_key) give_dashes(out);
    give(buffer_.size(), out);
    forget();
}

void Redactor::pause(std::string& out) {
    if (known_.has_shy()) {
        known_.pause(buffer_);
        scan(out, false);
        forget();
    }
    if (told_ || shown_ >= buffer_.size()) return;
    out.append(buffer_, shown_);
    shown_ = buffer_.size();
}

// Fewer than five of them, and no key behind them: they were the line's own.
void Redactor::give_dashes(std::string& out) {
    if (!line_masked_) out.append(dashes_, '-');
    dashes_ = 0;
}

// Keeps what a later place looks back at.
void Redactor::forget() {
    if (at_ <= kContext) return;
    const auto gone = at_ - kContext;
    buffer_.erase(0, gone);
    at_ -= gone;
    shown_ -= gone;
}

void Redactor::scan(std::string& out, bool final) {
    told_ = false;
    while (at_ < buffer_.size()) {
        if (state_ == State::text && !read_text(out, final)) return;
        if (state_ == State::rest_of_secret) drop_rest();
        if (state_ == State::private_key) read_key(out);
    }
}

// Up to the next secret; false when more bytes have to come.
bool Redactor::read_text(std::string& out, bool final) {
    const std::string_view text = buffer_;
    for (auto i = next_candidate(text, at_); i < text.size(); i = next_candidate(text, i + 1)) {
        const auto found = find_secret(text, i, final);
        if (found.kind == Finding::Kind::none) continue;
        give(i, out);
        if (found.kind == Finding::Kind::wait) {
            told_ = found.told;
            return false;
        }
        give(i + found.keep, out);
        if (found.kind == Finding::Kind::private_key) {
            state_ = State::private_key;
            line_start_ = line_masked_ = line_header_ = false;
            dashes_ = 0;
            key_bytes_ = 0;
            return true;
        }
        mask(found.label, out);
        skip(i + found.keep + found.cut);
        rest_ = found.rest;
        if (found.open) state_ = State::rest_of_secret;
        return true;
    }
    give(text.size(), out);
    return true;
}

void Redactor::drop_rest() {
    auto i = at_;
    while (i < buffer_.size() && is_of(rest_, buffer_[i])) ++i;
    skip(i);
    if (i < buffer_.size()) state_ = State::text;
}

// Line by line: indentation and line ends pass, the rest of each line is one mask, five dashes end the block. The text of
// a JSON string, where line ends are \n, is one line. A byte that no block holds ends it, too: it was only quoted.
void Redactor::read_key(std::string& out) {
    for (auto i = at_; i < buffer_.size(); ++i) {
        const char c = buffer_[i];
        if (is_line_end(c) || (line_start_ && dashes_ == 0 && (c == ' ' || c == '\t'))) {
            give_dashes(out);
            give(i + 1, out);
            if (is_line_end(c)) line_start_ = true, line_masked_ = line_header_ = false;
            dashes_ = 0;
            continue;
        }
        if (c == '-' && ++dashes_ == kDashes) {
            skip(i + 1);
            out.append(kDashes, '-');
            state_ = State::text;
            return;
        }
        line_header_ = line_header_ || (c == ':' && line_masked_);
        const bool belongs = line_header_ || c == '-' || c == '\\' || is_of(Alphabet::base64, c);
        if (!belongs || ++key_bytes_ > kMaxKey) {
            give_dashes(out);
            state_ = State::text;
            return;
        }
        if (!line_masked_ && c != '-') {
            mask(kKeyLabel, out);
            line_masked_ = true;
        }
        if (c != '-') dashes_ = 0;
        line_start_ = false;
        skip(i + 1);
    }
}

std::string redacted(std::string_view text) {
    Redactor redactor;
    std::string out;
    out.reserve(text.size());
    redactor.push(text, out);
    redactor.finish(out);
    return out;
}

void redact_arguments(std::vector<std::string>& argv) {
    std::string_view label;
    for (auto& argument : argv) {
        const bool option = argument.starts_with('-');
        auto masked = redacted(argument);
        if (!label.empty() && !option && masked == argument && is_random(argument))
            masked = "[redacted:" + std::string(label) + "]";
        const auto name =
            option && argument.find('=') == std::string::npos ? secret_name(argument) : std::string_view();
        label = name;
        argument = std::move(masked);
    }
}

} // namespace owhale::redact
