// What every construct needs: errors, depth, blanks, line ends, reserved words.
#include "policy/shell/grammar.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "policy/shell/characters.hpp"

namespace owhale::policy::shell {

namespace {

constexpr std::array<std::string_view, 22> kReserved{
    "!",  "[[",  "{",  "}",        "case", "coproc", "do",   "done", "elif",  "else",  "esac",
    "fi", "for", "if", "function", "in",   "select", "then", "time", "until", "while", "]]",
};
constexpr std::size_t kLongest = 8;

std::string shown(int byte) {
    if (byte == kEnd) return "the end of the text";
    if (byte == '\n') return "the end of the line";
    if (byte >= 0x20 && byte < 0x7f) return std::string("`") + static_cast<char>(byte) + "`";
    char code[16];
    std::snprintf(code, sizeof code, "byte 0x%02x", static_cast<unsigned>(byte));
    return code;
}

} // namespace

bool is_reserved(std::string_view word) {
    return std::ranges::find(kReserved, word) != kReserved.end();
}

Grammar::Fail Grammar::fail(std::size_t begin, std::string message) const {
    const auto end = std::min(std::max(reader_.position(), begin + 1), reader_.size());
    return std::unexpected(SyntaxError{reader_.span(std::min(begin, end), end), std::move(message), false});
}

Grammar::Fail Grammar::too_big(std::size_t begin, std::string message) const {
    auto failure = fail(begin, std::move(message));
    failure.error().too_big = true;
    return failure;
}

Grammar::Fail Grammar::unexpected(std::string_view wanted) {
    const auto from = begin();
    const auto word = reserved();
    const auto found = word.empty() ? shown(peek()) : "`" + std::string(word) + "`";
    return fail(from, found + " stands where " + std::string(wanted) + " is due; quote it if it is meant as text");
}

Parsed<Nest> Grammar::enter(std::size_t begin) {
    if (shared_.depth >= shared_.bounds.depth)
        return too_big(begin, "commands, expansions and quotes are nested more than " +
                                  std::to_string(shared_.bounds.depth) + " deep; write it flatter");
    return Nest(shared_.depth);
}

bool Grammar::at(std::string_view text) const {
    Reader look = reader_;
    for (const char byte : text) {
        if (look.peek() != static_cast<unsigned char>(byte)) return false;
        look.skip();
    }
    return true;
}

void Grammar::skip(std::size_t count) {
    reader_.skip(count);
    last_ = reader_.position();
}

std::size_t Grammar::begin() {
    reader_.peek();
    return reader_.position();
}

void Grammar::skip_blanks() {
    while (is_blank(peek())) reader_.skip();
    if (peek() != '#') return;
    while (reader_.raw() != kEnd && reader_.raw() != '\n') reader_.skip_raw();
}

Grammar::Step Grammar::newline() {
    reader_.skip();
    return bodies();
}

Grammar::Step Grammar::skip_newlines() {
    for (;;) {
        skip_blanks();
        if (peek() != '\n') return {};
        CHECK(newline());
    }
}

std::string_view Grammar::reserved() {
    if (!is_one_of(reader_.peek(), "!{}[]cdefistuw")) return {}; // most words end here
    Reader look = reader_;
    std::array<char, kLongest> text{};
    std::size_t size = 0;
    for (; !is_break(look.peek()); look.skip()) {
        if (size == kLongest) return {};
        text[size++] = static_cast<char>(look.peek());
    }
    const auto found = std::ranges::find(kReserved, std::string_view(text.data(), size));
    return found == kReserved.end() ? std::string_view{} : *found;
}

bool Grammar::take_reserved(std::string_view word) {
    if (reserved() != word) return false;
    skip(word.size());
    return true;
}

Grammar::Step Grammar::expect_reserved(std::string_view word, std::size_t begin, std::string_view construct) {
    if (take_reserved(word)) return {};
    if (peek() != kEnd) return unexpected("`" + std::string(word) + "`");
    return fail(begin, std::string(construct) + " is not ended; `" + std::string(word) + "` is missing");
}

} // namespace owhale::policy::shell
