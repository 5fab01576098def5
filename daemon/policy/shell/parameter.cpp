// Parameter expansions: $x and ${x…} with every operator of bash 5.2.
#include <array>

#include "policy/shell/characters.hpp"
#include "policy/shell/grammar.hpp"

namespace owhale::policy::shell {

namespace {

// Longest first where one begins another.
constexpr std::array<std::string_view, 21> kOperators{":-", ":=", ":?", ":+", "-", "=",  "?", "+",  "##", "#", "%%",
                                                      "%",  "//", "/#", "/%", "/", "^^", "^", ",,", ",",  ":"};
constexpr std::string_view kTransforms = "UuLQEPAKak";

bool is_pattern_operator(std::string_view op) {
    return is_one_of(op.front(), "#%/^,");
}

} // namespace

Parsed<Part> Grammar::parameter(bool quoted) {
    const auto from = begin();
    reader_.skip();
    Part part;
    part.kind = PartKind::parameter;
    part.quoted = quoted;
    part.parameter = std::make_unique<Parameter>();
    auto& name = part.parameter->name;
    const bool named = is_name_start(peek());
    do {
        name += static_cast<char>(peek());
        reader_.skip();
    } while (named && is_name(peek()));
    part.span = reader_.span(from, reader_.position());
    return part;
}

Parsed<Part> Grammar::braced(bool quoted) {
    const auto from = begin();
    const auto nested = TRY(enter(from));
    reader_.skip(2);
    Part part;
    part.kind = PartKind::parameter;
    part.quoted = quoted;
    part.parameter = std::make_unique<Parameter>();
    CHECK(braced_name(*part.parameter, from));
    CHECK(braced_operator(*part.parameter, quoted, from));
    if (peek() == kEnd) return fail(from, "`${` is not closed; `}` is missing");
    if (peek() != '}') return fail(from, "this ${…} is none that bash knows; see bash(1), Parameter Expansion");
    reader_.skip();
    part.span = reader_.span(from, reader_.position());
    return part;
}

// `${#x}` is a length; `${#}`, `${#-x}` and `${##x}` are of the parameter #.
bool Grammar::names_length() {
    if (peek() != '#') return false;
    const int next = peek(1);
    return is_name(next) || next == '@' || next == '*' || (is_special_parameter(next) && peek(2) == '}');
}

bool Grammar::names_indirect() {
    if (peek() != '!') return false;
    const int next = peek(1);
    return is_name(next) || (is_special_parameter(next) && peek(2) == '}');
}

Grammar::Step Grammar::braced_name(Parameter& out, std::size_t begin) {
    if (names_length()) out.op = "length";
    out.indirect = names_indirect();
    if (out.indirect || !out.op.empty()) reader_.skip();
    const bool digits = is_digit(peek());
    if (!is_name(peek()) && !is_special_parameter(peek()))
        return fail(begin, "this ${…} names no parameter; see bash(1), Parameter Expansion");
    const bool named = is_name(peek());
    do {
        out.name += static_cast<char>(peek());
        reader_.skip();
    } while (named && (digits ? is_digit(peek()) : is_name(peek())));
    if (peek() == '[' && !digits && is_name_start(out.name.front())) out.index = TRY(index());
    return {};
}

Grammar::Step Grammar::braced_operator(Parameter& out, bool quoted, std::size_t begin) {
    const int byte = peek();
    if (byte == '}' || byte == kEnd || out.op == "length") {
        const auto* all = out.indirect && out.index ? plain_text(*out.index) : nullptr;
        if (all && (*all == "@" || *all == "*")) out.op = "keys";
        return {};
    }
    if (out.indirect && !out.index && (byte == '@' || byte == '*') && peek(1) == '}') {
        out.op = "keys"; // of the variables that begin with the name
        reader_.skip();
        return {};
    }
    if (byte == '@' && is_one_of(peek(1), kTransforms)) {
        out.op = {'@', static_cast<char>(peek(1))};
        reader_.skip(2);
        return {};
    }
    for (const auto op : kOperators) {
        if (!at(op)) continue;
        out.op = op;
        reader_.skip(op.size());
        return braced_arguments(out, quoted, begin);
    }
    return {};
}

Grammar::Step Grammar::braced_arguments(Parameter& out, bool quoted, std::size_t begin) {
    // In a pattern quotes quote, whatever stands around it.
    const bool inner = quoted && !is_pattern_operator(out.op);
    const char stop = out.op.front() == '/' ? '/' : out.op == ":" ? ':' : '\0';
    out.arguments.push_back(TRY(argument(inner, stop, begin)));
    if (stop == '\0' || peek() != stop) return {};
    reader_.skip();
    out.arguments.push_back(TRY(argument(inner, '\0', begin)));
    return {};
}

// Up to the closing brace, or `stop` before it: / after a pattern (not at its start, in ${x//…}), : after an offset.
Parsed<Word> Grammar::argument(bool quoted, char stop, std::size_t begin) {
    const auto from = this->begin();
    Builder out;
    for (std::size_t choices = 0; peek() != '}';) {
        if (peek() == kEnd) return fail(begin, "`${` is not closed; `}` is missing");
        choices += stop == ':' && peek() == '?' ? 1 : 0;
        const bool separates = stop != '\0' && peek() == stop;
        if (separates && stop == ':' && choices > 0)
            --choices;
        else if (separates && (stop == ':' || !out.empty() || reader_.text(from - 1, from) != "/"))
            break;
        CHECK(argument_piece(out, quoted));
    }
    auto word = out.take(reader_.span(from, reader_.position()));
    if (!quoted) finish(word, kOperand, shared_.braces);
    return word;
}

Grammar::Step Grammar::argument_piece(Builder& out, bool quoted) {
    if (!quoted) {
        if (TRY(pattern_piece(out))) return {};
        return word_piece(out);
    }
    if (peek() == '"') return double_quotes(out);
    if (peek() == '\'') return kept_quotes(out);
    return quoted_piece(out, "$`\"\\}");
}

} // namespace owhale::policy::shell
