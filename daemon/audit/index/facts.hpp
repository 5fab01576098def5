// Who, what and how it ended, as words that no text can forge; and FTS5's expressions of them and of a needle.
//
// A fact is the byte 0xff, which UTF-8 never has, and its kind and number in bytes of the form 10xxxxxx: one character
// to FTS5, so that its prefix indexes leave it out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/index/words.hpp"

namespace owhale::audit::index {

enum class Fact : unsigned char { principal, verb, event, outcome, run, cut_off };

// `number` is that of the interned word.
std::string fact(Fact kind, std::uint64_t number);
// `id`: the run's 16 bytes.
std::string run_fact(std::string_view id);
// Of an event that has more words than are indexed: any needle may be in it.
std::string cut_off_fact();

// Words one after the other, as the tokenizer splits them.
constexpr char kBetween = '\x1f';

// An FTS5 expression, made by adding what has to hold. Empty: nothing that the index can tell.
class Expression {
public:
    void any_of(std::span<const std::string> facts);
    void needle(const Needle& needle);
    const std::string& text() const { return text_; }

private:
    void add(std::string_view operand);
    std::string text_;
};

} // namespace owhale::audit::index
