#include "cli/dotenv.hpp"

#include <algorithm>

namespace owhale::cli {
namespace {

bool is_name_char(char c, bool first) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (!first && c >= '0' && c <= '9');
}

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<std::vector<DotenvEntry>> parse() {
        std::vector<DotenvEntry> out;
        for (skip_blank_lines(); at_ < text_.size(); skip_blank_lines()) {
            auto entry = TRY(read_entry());
            if (std::ranges::find(out, entry.name, &DotenvEntry::name) != out.end())
                return bad(entry.name + " stands twice");
            out.push_back(std::move(entry));
        }
        return out;
    }

private:
    std::unexpected<Error> bad(const std::string& what) const {
        return fail(Code::bad_request, "line " + std::to_string(line_) + " of the file: " + what,
                    "a line is NAME=value; mend it, or store that one with owhalectl secrets set");
    }
    char now() const { return at_ < text_.size() ? text_[at_] : '\n'; }
    void skip_blanks() {
        while (now() == ' ' || now() == '\t' || (now() == '\r' && at_ < text_.size())) ++at_;
    }
    void skip_line() {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    }
    void skip_blank_lines() {
        for (;;) {
            skip_blanks();
            if (now() == '#') skip_line();
            if (at_ >= text_.size() || text_[at_] != '\n') return;
            ++at_;
            ++line_;
        }
    }

    Result<DotenvEntry> read_entry() {
        DotenvEntry entry;
        entry.line = line_;
        constexpr std::string_view kExport = "export ";
        if (text_.substr(at_).starts_with(kExport)) at_ += kExport.size();
        skip_blanks();
        const auto from = at_;
        while (is_name_char(now(), at_ == from)) ++at_;
        entry.name = text_.substr(from, at_ - from);
        if (entry.name.empty() || now() != '=') return bad("it is no NAME=value");
        ++at_;
        const char quote = now();
        std::string value;
        if (quote == '"' || quote == '\'')
            value = TRY(read_quoted(quote));
        else
            value = TRY(read_plain());
        entry.value = Secret(std::move(value));
        return entry;
    }

    Result<std::string> read_plain() {
        const auto from = at_;
        while (at_ < text_.size() && text_[at_] != '\n' &&
               !(text_[at_] == '#' && at_ > from && (text_[at_ - 1] == ' ' || text_[at_ - 1] == '\t')))
            ++at_;
        std::string value(text_.substr(from, at_ - from));
        skip_line();
        while (!value.empty() && (value.back() == ' ' || value.back() == '\t' || value.back() == '\r'))
            value.pop_back();
        if (value.find_first_of("\"'`\\") != std::string::npos)
            return bad("a quote or backslash in a value without quotes: what is meant cannot be told");
        if (value.find("${") != std::string::npos || value.find("$(") != std::string::npos)
            return bad("a value is made of others, and nothing is put in here");
        return value;
    }

    Result<std::string> read_quoted(char quote) {
        ++at_;
        std::string value;
        while (at_ < text_.size() && text_[at_] != quote) {
            char c = text_[at_++];
            if (c == '\n') ++line_;
            if (quote == '"' && c == '\\')
                c = TRY(read_escape());
            else if (quote == '"' && c == '$' && (now() == '{' || now() == '('))
                return bad("a value is made of others, and nothing is put in here");
            value += c;
        }
        if (at_ >= text_.size()) return bad("the quotes are not closed");
        ++at_;
        skip_blanks();
        if (now() == '#') skip_line();
        if (now() != '\n') return bad("something follows the closing quote");
        return value;
    }

    Result<char> read_escape() {
        if (at_ >= text_.size()) return bad("the quotes are not closed");
        const char c = text_[at_++];
        switch (c) {
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        case '"':
        case '\\':
        case '$':
            return c;
        default:
            return bad(std::string("\\") + c + " is no escape");
        }
    }

    std::string_view text_;
    std::size_t at_ = 0, line_ = 1;
};

} // namespace

Result<std::vector<DotenvEntry>> parse_dotenv(std::string_view text) {
    return Parser(text).parse();
}

} // namespace owhale::cli
