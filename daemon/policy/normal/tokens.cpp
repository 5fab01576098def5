// Tokens by the few habits that languages share.
#include "policy/normal/tokens.hpp"

#include <algorithm>

#include "policy/normal/folding.hpp"
#include "policy/normal/value.hpp"

namespace owhale::policy::normal {
namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

char closing(char open) {
    switch (open) {
    case '(':
        return ')';
    case '[':
        return ']';
    case '{':
        return '}';
    case '<':
        return '>';
    default:
        return open;
    }
}

class Reader {
public:
    Reader(const LanguageRow& language, std::string_view text) : language_(language), text_(text) {}

    std::vector<Token> read(bool& whole) {
        while (at_ < text_.size() && out_.size() < kMaxTokens) step();
        whole = at_ >= text_.size();
        return std::move(out_);
    }

private:
    char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

    void add(TokenKind kind, std::string text) {
        out_.push_back({kind, std::move(text), spaced_});
        spaced_ = false;
    }

    void step() {
        const char c = peek();
        if (is_blank(c)) {
            spaced_ = true;
            ++at_;
        } else if (c == '\n') {
            ++at_;
            add(TokenKind::line, "\n");
        } else if (c == '\\' && peek(1) == '\n')
            at_ += 2;
        else if (special_variable())
            add(TokenKind::name, "$_");
        else if (comment()) {
        } else if (language_.quotes.find(c) != std::string_view::npos && !(language_.lisp && c == '\''))
            string(c);
        else if (!language_.shellquote.empty() && c == language_.shellquote[0]) {
            ++at_;
            add(TokenKind::shell, interpolated(body(c, true), '"'));
        } else if (c == '\0') {
            add(TokenKind::string, std::string(text_.substr(at_, 2)));
            at_ += 2;
        } else if (is_digit(c))
            number();
        else if (is_letter(c) || ((c == '$' || c == '@') && is_letter(peek(1))))
            name();
        else if (c == '/' && language_.regex && may_be_pattern())
            pattern();
        else
            sign();
    }

    // $/ and the like: neither a pattern nor a text begins there.
    bool special_variable() {
        const bool has = language_.name == "perl" || language_.name == "ruby";
        if (!has || peek() != '$' || peek(1) == '\0') return false;
        if (std::string_view("/,;\\\"'!&.|").find(peek(1)) == std::string_view::npos) return false;
        at_ += 2;
        return true;
    }

    bool comment() {
        if (language_.block && peek() == '/' && peek(1) == '*') {
            const auto end = text_.find("*/", at_ + 2);
            at_ = end == std::string_view::npos ? text_.size() : end + 2;
            return true;
        }
        std::string_view marks = language_.comments;
        while (!marks.empty()) {
            const auto end = marks.find('\n');
            const auto mark = marks.substr(0, end);
            // "#" within a word is none: $#, ${#x}
            if (text_.substr(at_).starts_with(mark) && (mark != "#" || at_ == 0 || text_[at_ - 1] != '$')) {
                const auto line = text_.find('\n', at_);
                at_ = line == std::string_view::npos ? text_.size() : line;
                return true;
            }
            marks.remove_prefix(end + 1);
        }
        return false;
    }

    void string(char quote) {
        const bool three = language_.triple && peek(1) == quote && peek(2) == quote;
        at_ += three ? 3 : 1;
        const std::string_view letters = prefix();
        const bool raw = language_.raw.find(quote) != std::string_view::npos ||
                         letters.find_first_of("rR") != std::string_view::npos;
        const bool f = language_.triple && letters.find_first_of("fF") != std::string_view::npos;
        if (!letters.empty() && language_.triple) out_.pop_back();
        std::string text = three ? long_body(quote, !raw) : body(quote, !raw, f);
        if (f)
            text = filled(text);
        else if ((quote == '"' || quote == '`') &&
                 (language_.name == "perl" || language_.name == "php" || language_.name == "ruby" ||
                  language_.name == "javascript" || language_.name == "powershell" || language_.name == "julia"))
            text = interpolated(text, quote);
        add(TokenKind::string, std::move(text));
    }

    // r"…", b'…', fr"…"
    std::string_view prefix() const {
        if (out_.empty() || out_.back().kind != TokenKind::name || spaced_) return {};
        const std::string_view text = out_.back().text;
        return text.size() <= 2 && text.find_first_not_of("rRbBfFuU") == std::string_view::npos ? text
                                                                                                : std::string_view{};
    }

    // {x} of f"…"
    static std::string filled(const std::string& text) {
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const bool doubled = i + 1 < text.size() && text[i + 1] == text[i];
            if (text[i] != '{' || doubled) {
                if ((text[i] == '{' || text[i] == '}') && doubled) ++i;
                out += text[i];
                continue;
            }
            const auto end = closed(text, i);
            put_in(out, text, i + 1, end, end >= text.size());
            i = end;
        }
        return out;
    }

    // Behind an expression that is still open nothing is known.
    static void put_in(std::string& out, std::string_view text, std::size_t from, std::size_t end, bool open) {
        out += kPutIn;
        out += text.substr(from, end - from);
        out += kPutInEnd;
        if (open) out += kHole;
    }

    // Where a bracket that opens at `open` is closed; strings in between are gone over. Not far away, so that it stays linear.
    static std::size_t closed(std::string_view text, std::size_t open) {
        const char up = text[open], down = closing(up);
        const auto end = std::min(text.size(), open + kMaxPutIn);
        int depth = 0;
        for (std::size_t i = open; i < end; ++i) {
            if (text[i] == '\'' || text[i] == '"') {
                const auto quote = text.substr(0, end).find(text[i], i + 1);
                if (quote < end) i = quote;
            } else if (text[i] == up)
                ++depth;
            else if (text[i] == down && --depth == 0)
                return i;
        }
        return text.size();
    }

    std::string interpolated(const std::string& text, char quote) const {
        std::string out;
        const bool javascript = language_.name == "javascript";
        if (javascript && quote != '`') return text;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i], next = i + 1 < text.size() ? text[i + 1] : '\0';
            const bool hash = c == '#' && next == '{' && language_.name == "ruby";
            if (c == '{' && next == '$' && language_.name == "php") { // {$x}
                const auto end = closed(text, i);
                put_in(out, text, i + 1, end, end >= text.size());
                i = end;
                continue;
            }
            const bool dollar = c == '$' && language_.name != "ruby" &&
                                (next == '{' || next == '(' || (!javascript && is_letter(next)));
            const bool array = c == '@' && language_.name == "perl" && (is_letter(next) || next == '{');
            if (!hash && !dollar && !array) {
                out += c;
                continue;
            }
            const auto from = i;
            std::size_t expression = from + 1;
            if (next == '{' || next == '(') {
                i = closed(text, i + 1);
                expression = from + 2;
            } else {
                while (i + 1 < text.size() && (is_letter(text[i + 1]) || is_digit(text[i + 1]))) ++i;
                const bool element = (language_.name == "perl" || language_.name == "php") && i + 1 < text.size() &&
                                     (text[i + 1] == '{' || text[i + 1] == '[');
                if (element) i = closed(text, i + 1);
                expression = from;
            }
            const bool bracketed = expression == from + 2;
            put_in(out, text, expression, i + (bracketed ? 0 : 1), i >= text.size());
        }
        return out;
    }

    std::string long_body(char quote, bool escapes) {
        const auto start = at_, stop = std::min(text_.find(std::string(3, quote), at_), text_.size());
        at_ = std::min(stop + 3, text_.size());
        const auto raw = text_.substr(start, stop - start);
        return escapes ? unescape(raw, false) : std::string(raw);
    }

    // Bytes of an expression that begins here within a string, and may hold its quote: #{ENV["HOME"]}.
    std::size_t put_in_here(char quote, bool f) const {
        std::size_t open = at_;
        if (language_.name == "ruby" && quote != '\'' && peek() == '#')
            ++open;
        else if (language_.name == "javascript" && quote == '`' && peek() == '$')
            ++open;
        else if (!f)
            return 0;
        if (open >= text_.size() || text_[open] != '{' || (f && peek(1) == '{')) return 0;
        const auto end = closed(text_, open);
        return end < text_.size() ? end + 1 - at_ : 0;
    }

    std::string body(char quote, bool escapes, bool f = false) {
        const char end = closing(quote);
        std::string raw;
        int open = 1;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '\\' && at_ + 1 < text_.size()) {
                if (escapes || text_[at_ + 1] == end || text_[at_ + 1] == '\\')
                    raw += escapes ? "\\" + std::string(1, text_[at_ + 1]) : std::string(1, text_[at_ + 1]);
                else
                    raw += std::string{c, text_[at_ + 1]};
                ++at_;
                continue;
            }
            if (const auto bytes = put_in_here(quote, f)) {
                raw += text_.substr(at_, bytes);
                at_ += bytes - 1;
                continue;
            }
            if (c == end && --open == 0) break;
            if (end != quote && c == quote) ++open;
            raw += c;
        }
        if (at_ < text_.size()) ++at_;
        return escapes ? unescape(raw, false) : raw;
    }

    void number() {
        const auto start = at_;
        while (at_ < text_.size() && (is_digit(peek()) || is_letter(peek()) || (peek() == '.' && is_digit(peek(1)))))
            ++at_;
        add(TokenKind::number, std::string(text_.substr(start, at_ - start)));
    }

    void name() {
        const bool keeps = peek() == '$' && (language_.insensitive || language_.name == "tcl");
        if (peek() == '$' || peek() == '@') ++at_;
        const auto start = at_ - (keeps ? 1 : 0);
        while (at_ < text_.size() &&
               (is_letter(peek()) || is_digit(peek()) ||
                ((language_.lisp || language_.insensitive) &&
                 (peek() == '-' || (language_.lisp && (peek() == '*' || peek() == '/' || peek() == '.'))))))
            ++at_;
        if ((peek() == '!' || peek() == '?') && language_.name == "julia" && peek(1) == '(') ++at_;
        std::string text(text_.substr(start, at_ - start));
        if ((language_.name == "perl" || language_.name == "ruby") && quoting(text)) return;
        if (language_.name == "perl" && (start == 0 || text_[start - 1] != '$') && replacing(text)) return;
        if (language_.insensitive)
            for (char& c : text)
                if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
        add(TokenKind::name, std::move(text));
    }

    // q(…) qq{…} qw/…/ qx(…) of perl; %x(…) of ruby is read as a sign and a name.
    bool quoting(const std::string& text) {
        const bool percent = !out_.empty() && out_.back().text == "%" && language_.name == "ruby";
        const bool perl = language_.name == "perl" && (text == "q" || text == "qq" || text == "qw" || text == "qx");
        const bool ruby = percent && (text == "x" || text == "q" || text == "Q" || text == "w" || text == "W");
        if (!perl && !ruby) return false;
        auto open = at_;
        while (perl && open < text_.size() && is_blank(text_[open])) ++open;
        if (open >= text_.size() || is_letter(text_[open]) || is_digit(text_[open]) || text_[open] == ',' ||
            text_[open] == ';' || text_[open] == '=' || text_[open] == ')')
            return false;
        if (ruby) out_.pop_back();
        at_ = open + 1;
        const std::string inner = body(text_[open], text != "q");
        if (text != "qw" && text != "w" && text != "W") {
            const bool fills = text != "q";
            add(text == "qx" || text == "x" ? TokenKind::shell : TokenKind::string,
                fills ? interpolated(inner, '"') : inner);
            return true;
        }
        add(TokenKind::sign, "(");
        std::string word;
        for (const char c : inner + " ") {
            if (!is_blank(c) && c != '\n')
                word += c;
            else if (!word.empty()) {
                add(TokenKind::string, std::move(word));
                add(TokenKind::sign, ",");
                word.clear();
            }
        }
        add(TokenKind::sign, ")");
        return true;
    }

    // s/…/…/ of perl, with any delimiters: a sign "s" with both texts behind it; with the flag e the second is code.
    bool replacing(const std::string& text) {
        const bool two = text == "s" || text == "tr" || text == "y", one = text == "m" || text == "qr";
        if (!two && !one) return false;
        auto open = at_;
        while (open < text_.size() && is_blank(text_[open])) ++open;
        const bool apart = open > at_;
        if (open >= text_.size() || is_letter(text_[open]) || is_digit(text_[open]) || text_[open] == '\n' ||
            std::string_view(",;=)>.").find(text_[open]) != std::string_view::npos || (apart && text_[open] == '#'))
            return false;
        if (!out_.empty() && (out_.back().text == "->" || out_.back().text == "&" || out_.back().text == "sub"))
            return false;
        if (!out_.empty() && out_.back().text == "{" && text_[open] == '}') return false; // $h{s}
        at_ = open + 1;
        const std::string from = body(text_[open], false);
        std::string to;
        if (two) {
            char quote = text_[open];
            if (closing(quote) != quote) {
                while (at_ < text_.size() && (is_blank(text_[at_]) || text_[at_] == '\n')) ++at_;
                if (at_ < text_.size()) quote = text_[at_++];
            }
            to = body(quote, false);
        }
        const auto flags = at_;
        while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
        const bool code = text == "s" && text_.substr(flags, at_ - flags).find('e') != std::string_view::npos;
        add(TokenKind::sign, text == "s" ? "s///" : two ? "tr//" : "m//");
        if (two) {
            add(TokenKind::string, from);
            add(TokenKind::string, to);
        }
        if (code) run_later(to);
        pattern_code(from);
        return true;
    }

    // Code that stands in something else.
    void run_later(std::string code) {
        add(TokenKind::sign, ";");
        add(TokenKind::name, "eval");
        add(TokenKind::sign, "(");
        add(TokenKind::string, std::move(code));
        add(TokenKind::sign, ")");
    }

    void pattern_code(std::string_view pattern) {
        for (const std::string_view mark : {"(?{", "(??{"})
            if (const auto at = pattern.find(mark); at != std::string_view::npos) {
                const auto end = std::min(pattern.find("})", at), pattern.size());
                run_later(std::string(pattern.substr(at + mark.size(), end - at - mark.size())));
            }
    }

    bool may_be_pattern() const {
        if (out_.empty()) return true;
        const Token& last = out_.back();
        if (last.kind == TokenKind::line) return true;
        if (last.kind == TokenKind::name)
            return last.text == "return" || last.text == "split" || last.text == "if" || last.text == "and" ||
                   last.text == "print";
        if (last.text == "}" && language_.name == "awk") return true;
        return last.kind == TokenKind::sign && last.text != ")" && last.text != "]" && last.text != "}";
    }

    void pattern() {
        const auto line = std::min(text_.find('\n', at_), text_.size());
        for (auto i = at_ + 1; i < line; ++i) {
            if (text_[i] == '\\')
                ++i;
            else if (text_[i] == '/') {
                const auto text = text_.substr(at_ + 1, i - at_ - 1);
                at_ = i + 1;
                add(TokenKind::number, "/");
                if (language_.name == "perl") pattern_code(text);
                return;
            }
        }
        sign();
    }

    void sign() {
        for (const std::string_view two :
             {"::", "->", "=>", "|&", "<<", ">>", "==", "+=", "..", "&&", "||", "=~", ".="})
            if (text_.substr(at_).starts_with(two)) {
                at_ += two.size();
                return add(TokenKind::sign, std::string(two));
            }
        add(TokenKind::sign, std::string(1, text_[at_++]));
    }

    const LanguageRow& language_;
    std::string_view text_;
    std::size_t at_ = 0;
    bool spaced_ = false;
    std::vector<Token> out_;
};

} // namespace

std::vector<Token> tokens_of(const LanguageRow& language, std::string_view text, bool& whole) {
    return Reader(language, text).read(whole);
}

} // namespace owhale::policy::normal
