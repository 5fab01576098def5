// sed's own commands that run a command or name a file: e, s///e, w, r, s///w.
#include <algorithm>

#include "policy/normal/code.hpp"
#include "policy/normal/value.hpp"

namespace owhale::policy::normal {
namespace {

class Reader {
public:
    Reader(std::string_view text, Scanned& out) : text_(text), out_(out) {}

    void run() {
        while (at_ < text_.size()) {
            const auto before = at_;
            command();
            if (at_ == before) ++at_;
        }
    }

private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    void past(char end) { // an unescaped `end`
        for (; at_ < text_.size() && text_[at_] != end; ++at_)
            if (text_[at_] == '\\') ++at_;
        if (at_ < text_.size()) ++at_;
    }

    void address() {
        while (at_ < text_.size()) {
            const char c = peek();
            if (c == '/') {
                ++at_;
                past('/');
            } else if (c == '\\') {
                at_ += 2;
                past(at_ > 0 && at_ <= text_.size() ? text_[at_ - 1] : '/');
            } else if ((c >= '0' && c <= '9') || c == ',' || c == '$' || c == '!' || c == ' ' || c == '~' || c == '+' ||
                       c == '\t' || c == ';' || c == '\n' || c == '{' || c == '}' || c == 'I')
                ++at_;
            else
                break;
        }
    }

    std::string line() {
        while (peek() == ' ') ++at_;
        const auto end = std::min(text_.find('\n', at_), text_.size());
        std::string out(text_.substr(at_, end - at_));
        at_ = end;
        return out;
    }

    void command() {
        address();
        const char c = peek();
        ++at_;
        if (c == 's' || c == 'y') return replacement(c == 's');
        if (c == 'e') {
            const std::string text = line();
            if (text.empty())
                out_.facts.push_back("code.unknown"); // what stands in the file is run
            else
                out_.shell.push_back(text);
        } else if (c == 'w' || c == 'W')
            file(Act::write, line());
        else if (c == 'r' || c == 'R')
            file(Act::read, line());
        else if (c == 'a' || c == 'i' || c == 'c' || c == 'b' || c == 't' || c == ':' || c == '#' || c == 'T')
            line();
    }

    void file(Act act, std::string path) {
        if (path.starts_with("/dev/std") || path.empty()) return;
        out_.accesses.push_back({act, std::move(path)});
    }

    void replacement(bool substitutes) {
        const char by = peek();
        ++at_;
        past(by);
        const auto start = at_;
        past(by);
        const std::string with(text_.substr(std::min(start, text_.size()), at_ > start ? at_ - start - 1 : 0));
        if (!substitutes) return;
        for (; at_ < text_.size() && std::string_view("gpiIemM0123456789 ").find(peek()) != std::string_view::npos;
             ++at_)
            if (peek() == 'e') {
                out_.facts.push_back("code.unknown");
                out_.shell.push_back(with);
            }
        if (peek() == 'w') {
            ++at_;
            file(Act::write, line());
        }
    }

    std::string_view text_;
    Scanned& out_;
    std::size_t at_ = 0;
};

} // namespace

void scan_sed(std::string_view text, Scanned& out) {
    Reader(text, out).run();
}

} // namespace owhale::policy::normal
