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
        if (three) {
            const std::string end(3, quote);
            const auto stop = text_.find(end, at_);
            add(TokenKind::string,
                unescape(text_.substr(at_, stop == std::string_view::npos ? stop : stop - at_), false));
            at_ = stop == std::string_view::npos ? text_.size() : stop + 3;
            return;
        }
        const bool raw = language_.raw.find(quote) != std::string_view::npos || prefix("r") || prefix("R") ||
                         prefix("rb") || prefix("br");
        const bool f = prefix("f") || prefix("fr") || prefix("rf") || prefix("F");
        if (!out_.empty() && prefixed()) out_.pop_back();
        std::string text = body(quote, !raw);
        if (f)
            text = filled(text, '{', false);
        else if ((quote == '"' || quote == '`') &&
                 (language_.name == "perl" || language_.name == "php" || language_.name == "ruby" ||
                  language_.name == "javascript" || language_.name == "powershell" || language_.name == "julia"))
            text = interpolated(text, quote);
        add(TokenKind::string, std::move(text));
    }

    bool prefix(std::string_view letters) const {
        return !out_.empty() && out_.back().kind == TokenKind::name && !spaced_ && out_.back().text == letters;
    }
    bool prefixed() const {
        return language_.triple &&
               (prefix("r") || prefix("b") || prefix("f") || prefix("u") || prefix("rb") || prefix("br") ||
                prefix("fr") || prefix("rf") || prefix("R") || prefix("F") || prefix("B"));
    }

    // {x} of f"…"
    static std::string filled(const std::string& text, char open, bool marked) {
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != open || (!marked && i + 1 < text.size() && text[i + 1] == open)) {
                if (text[i] == open) ++i;
                out += text[i];
                continue;
            }
            const auto end = text.find(closing(open), i);
            out += stands_for(std::string_view(text).substr(i, end - i));
            if (end == std::string::npos) break;
            i = end;
        }
        return out;
    }

    // What an expression in a string stands for: the home, or what is known only when it runs.
    static std::string_view stands_for(std::string_view expression) {
        for (const std::string_view home : {"ENV{HOME", "env.HOME", "['HOME']", "[\"HOME\"]", "[HOME]", "homedir()",
                                            "Dir.home", "Path.home()", "$HOME", "getenv('HOME')", "(\"HOME\")"})
            if (expression.find(home) != std::string_view::npos) return "~";
        return kHole;
    }

    std::string interpolated(const std::string& text, char quote) const {
        std::string out;
        const bool javascript = language_.name == "javascript";
        if (javascript && quote != '`') return text;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i], next = i + 1 < text.size() ? text[i + 1] : '\0';
            const bool hash = c == '#' && next == '{' && language_.name == "ruby";
            const bool dollar = c == '$' && language_.name != "ruby" &&
                                (next == '{' || next == '(' || (!javascript && is_letter(next)));
            const bool array = c == '@' && language_.name == "perl" && is_letter(next);
            if (!hash && !dollar && !array) {
                out += c;
                continue;
            }
            const auto from = i;
            if (next == '{' || next == '(') {
                i = text.find(closing(next), i);
            } else {
                while (i + 1 < text.size() && (is_letter(text[i + 1]) || is_digit(text[i + 1]))) ++i;
                const bool element = (language_.name == "perl" || language_.name == "php") && i + 1 < text.size() &&
                                     (text[i + 1] == '{' || text[i + 1] == '[');
                if (element) i = text.find(closing(text[i + 1]), i);
            }
            out += stands_for(std::string_view(text).substr(from, i == std::string::npos ? i : i - from + 1));
            if (i == std::string::npos) break;
        }
        return out;
    }

    std::string body(char quote, bool escapes) {
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

    bool may_be_pattern() const {
        if (out_.empty()) return true;
        const Token& last = out_.back();
        if (last.kind == TokenKind::line) return true;
        if (last.kind == TokenKind::name)
            return last.text == "return" || last.text == "split" || last.text == "if" || last.text == "and" ||
                   last.text == "print";
        return last.kind == TokenKind::sign && last.text != ")" && last.text != "]" && last.text != "}";
    }

    void pattern() {
        const auto line = std::min(text_.find('\n', at_), text_.size());
        for (auto i = at_ + 1; i < line; ++i) {
            if (text_[i] == '\\')
                ++i;
            else if (text_[i] == '/') {
                at_ = i + 1;
                add(TokenKind::number, "/");
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
