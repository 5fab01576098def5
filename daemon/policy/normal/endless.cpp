#include "policy/normal/endless.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace owhale::policy::normal {
namespace {

constexpr std::size_t kMaxLoops = 64;

bool is_word(char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

template <std::size_t N> bool is_any(std::string_view word, const std::array<std::string_view, N>& list) {
    return std::ranges::find(list, word) != list.end();
}

// What leaves a loop, and what makes it wait.
constexpr std::array<std::string_view, 33> kLeaves = {
    "break", "return",  "exit",      "last",   "raise",     "throw",    "die",     "quit",       "wait",
    "join",  "waitpid", "await",     "accept", "recv",      "recvfrom", "input",   "readline",   "getline",
    "gets",  "read",    "readlines", "select", "poll",      "epoll",    "receive", "ReadString", "Scan",
    "Wait",  "Accept",  "next",      "islice", "takewhile", "zip"};
constexpr std::array<std::string_view, 8> kSleeps = {"sleep", "usleep",     "nanosleep", "delay",
                                                     "Sleep", "setTimeout", "sleepSync", "msleep"};
// The text with what stands in strings and comments made blank: the same length.
class Blank {
public:
    Blank(std::string_view language, std::string_view text) : text_(text), out_(text) {
        hash_ = language != "javascript" && language != "c" && language != "go" && language != "java" &&
                language != "rust" && language != "sql" && language != "php";
        slashes_ = !hash_ || language == "php";
    }
    std::string run() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"' || c == '\'' || c == '`')
                string(c);
            else if (hash_ && c == '#' && (at_ == 0 || is_space(text_[at_ - 1])))
                line();
            else if (slashes_ && c == '/' && at_ + 1 < text_.size() && text_[at_ + 1] == '/')
                line();
            else
                ++at_;
        }
        return std::move(out_);
    }

private:
    void blank() { out_[at_++] = ' '; }
    void line() {
        while (at_ < text_.size() && text_[at_] != '\n') blank();
    }
    void string(char quote) {
        const std::string three(3, quote);
        const bool triple = text_.substr(at_).starts_with(three);
        at_ += triple ? 3 : 1;
        while (at_ < text_.size()) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
                blank(), blank();
                continue;
            }
            if (triple ? text_.substr(at_).starts_with(three) : text_[at_] == quote) break;
            if (!triple && quote != '`' && text_[at_] == '\n') return;
            blank();
        }
        at_ = std::min(at_ + (triple ? 3 : 1), text_.size());
    }

    std::string_view text_;
    std::string out_;
    std::size_t at_ = 0;
    bool hash_ = true, slashes_ = false;
};

std::size_t skip(std::string_view text, std::size_t at) {
    while (at < text.size() && is_space(text[at])) ++at;
    return at;
}

std::string_view word_at(std::string_view text, std::size_t at) {
    auto end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    return text.substr(at, end - at);
}

// Calls `seen(word, begin)` for each word; true: one call said so.
template <typename Seen> bool any_word(std::string_view text, const Seen& seen) {
    for (std::size_t at = 0; at < text.size();) {
        if (!is_word(text[at])) {
            ++at;
            continue;
        }
        const auto word = word_at(text, at);
        if (seen(word, at)) return true;
        at += word.size();
    }
    return false;
}

bool is_called(std::string_view text, std::size_t after) {
    const auto at = skip(text, after);
    return at >= text.size() || text[at] != ','; // submit(time.sleep, 9) only names it
}

// A child that sleeps is no loop that does.
bool is_of_child(std::string_view text, std::size_t at) {
    auto before = text.substr(at < 64 ? 0 : at - 64, std::min<std::size_t>(at, 64));
    if (const auto other = before.find_last_of("\n;"); other != std::string_view::npos) before.remove_prefix(other);
    return before.ends_with("exec ") || before.find("fork") != std::string_view::npos ||
           before.find("mcparallel") != std::string_view::npos || before.find("Thread") != std::string_view::npos ||
           before.find("forkIO") != std::string_view::npos;
}

bool leaves_or_waits(std::string_view body) {
    return any_word(body, [&](std::string_view word, std::size_t at) {
        if (is_any(word, kLeaves)) return true;
        return is_any(word, kSleeps) && is_called(body, at + word.size()) && !is_of_child(body, at);
    });
}

// From an opening bracket to behind its close.
std::size_t close_of(std::string_view text, std::size_t at) {
    int open = 0;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '(' || c == '{' || c == '[') ++open;
        if ((c == ')' || c == '}' || c == ']') && --open == 0) return at + 1;
    }
    return text.size();
}

std::size_t indent_of(std::string_view text, std::size_t at) {
    const auto line = text.rfind('\n', at);
    const auto start = at == 0 || line == std::string_view::npos ? 0 : line + 1;
    auto end = start;
    while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) ++end;
    return end - start;
}

// The lines that are indented deeper than the one of the loop.
std::string_view indented(std::string_view text, std::size_t loop, std::size_t body) {
    const auto own = indent_of(text, loop);
    auto end = text.find('\n', body);
    while (end != std::string_view::npos) {
        const auto next = end + 1;
        const auto stop = std::min(text.find('\n', next), text.size());
        const auto first = text.find_first_not_of(" \t\r", next);
        if (first < stop && first - next <= own) break;
        end = stop == text.size() ? std::string_view::npos : stop;
    }
    return text.substr(body, end == std::string_view::npos ? end : end - body);
}

std::string_view body_of(std::string_view language, std::string_view text, std::size_t loop, std::size_t header) {
    if (language == "python") return indented(text, loop, header);
    const auto at = skip(text, header);
    if (at < text.size() && text[at] == '{') return text.substr(at, close_of(text, at) - at);
    const auto rest = text.substr(std::min(at, text.size()));
    // Behind what it repeats: `fork while 1`. Or a loop up to an `end`.
    const bool last = rest.find_first_not_of(" \t\r\n;})") == std::string_view::npos;
    return last ? text.substr(0, loop) : rest;
}

bool is_constant(std::string_view word) {
    return word == "1" || word == "true" || word == "True" || word == "TRUE" || word == "t";
}

// Where the header of a loop ends whose condition is always true; nothing: it is none.
std::optional<std::size_t> endless_while(std::string_view text, std::size_t at, bool until) {
    at = skip(text, at);
    const bool bracket = at < text.size() && text[at] == '(';
    if (bracket) at = skip(text, at + 1);
    const auto word = word_at(text, at);
    auto end = at + word.size();
    if (word.empty() && text.substr(at).starts_with("!0"))
        end = at + 2;
    else if (word == "not" && text.substr(at).starts_with("not False"))
        end = at + 9;
    else if (text.substr(at).starts_with("1==1") || text.substr(at).starts_with("1 == 1"))
        end = text.find('1', at + 1) + 1;
    else if (until ? word != "false" && word != "0" : !is_constant(word))
        return std::nullopt;
    end = skip(text, end);
    if (bracket) return end < text.size() && text[end] == ')' ? std::optional(end + 1) : std::nullopt;
    if (end < text.size() && (text[end] == ':' || text[end] == ';')) return end + 1;
    if (text.substr(end).starts_with("do") && word_at(text, end) == "do") return end + 2;
    const bool more =
        end < text.size() && (is_word(text[end]) || text[end] == '{' || text[end] == '}' || text[end] == ')');
    return end >= text.size() || more || text.substr(at, end - at).find('\n') != std::string_view::npos
               ? std::optional(end)
               : std::nullopt;
}

// for (;;), for (let i = 0;; i++), for { of Go
std::optional<std::size_t> endless_for(std::string_view language, std::string_view text, std::size_t at) {
    at = skip(text, at);
    if (at >= text.size()) return std::nullopt;
    if (language == "go" && text[at] == '{') return at;
    if (text[at] != '(') return std::nullopt;
    const auto end = close_of(text, at);
    const auto head = text.substr(at, end - at);
    const auto first = head.find(';');
    if (first == std::string_view::npos) return std::nullopt;
    const auto second = skip(head, first + 1);
    return second < head.size() && head[second] == ';' ? std::optional(end) : std::nullopt;
}

// The headers of loops that are words of some libraries and languages.
std::optional<std::size_t> endless_word(std::string_view language, std::string_view text, std::string_view word,
                                        std::size_t at) {
    const auto end = at + word.size();
    const auto rest = text.substr(end);
    if (word == "loop" && language != "javascript" && language != "python") {
        const auto next = skip(text, end);
        if (next < text.size() && text[next] == '{') return next;
        if (word_at(text, next) == "do") return next + 2;
    }
    if ((word == "repeat" && language == "r") || (word == "forever" && language != "javascript")) return end;
    if (language == "python" && word == "iter" && (rest.starts_with("(int,1)") || rest.starts_with("(int, 1)")))
        return end;
    const bool module =
        (at >= 10 && text.substr(at - 10, 10) == "itertools.") || (at >= 3 && text.substr(at - 3, 3) == "\').");
    if (module && (word == "count" || word == "cycle")) return end;
    if (module && word == "repeat") {
        const auto given = text.substr(end, close_of(text, end) - end);
        if (given.find(',') == std::string_view::npos) return end;
    }
    return std::nullopt;
}

bool is_endless(std::string_view language, std::string_view text) {
    std::size_t loops = 0;
    return any_word(text, [&](std::string_view word, std::size_t at) {
        std::optional<std::size_t> header;
        const auto end = at + word.size();
        bool whole = false; // all of the text is what could end it
        if (word == "while" || word == "until")
            header = endless_while(text, end, word == "until");
        else if (word == "for")
            header = endless_for(language, text, end);
        else {
            header = endless_word(language, text, word, at);
            whole = word == "iter" || word == "count" || word == "cycle" || word == "repeat";
        }
        if (!header || ++loops > kMaxLoops) return false;
        return !leaves_or_waits(whole ? text : body_of(language, text, at, *header));
    });
}

// f = lambda: (os.fork(), f()); def f; spawn …; f; end: a function that starts something and itself, on no condition.
bool starts_itself(std::string_view text) {
    const bool starts = any_word(text, [](std::string_view word, std::size_t) {
        return word.starts_with("fork") || word.starts_with("spawn") || word == "Popen" || word == "Process";
    });
    constexpr std::array<std::string_view, 7> kConditions = {"if", "unless", "case", "match", "and", "or", "when"};
    if (!starts || any_word(text, [&](std::string_view word, std::size_t) { return is_any(word, kConditions); }))
        return false;
    return any_word(text, [&](std::string_view word, std::size_t at) {
        if (word == "process" &&
            (text.substr(at).starts_with("process.argv") || text.substr(at).starts_with("process.execPath")))
            return true;
        std::string_view name;
        if (word == "def" || word == "function" || word == "sub" || word == "fn" || word == "let")
            name = word_at(text, skip(text, at + word.size()));
        else if (const auto next = skip(text, at + word.size()); next < text.size() && text[next] == '=') {
            const auto value = text.substr(skip(text, next + 1));
            if (value.starts_with("lambda") || value.starts_with("fn ") || value.starts_with("->")) name = word;
        }
        if (name.empty()) return false;
        std::size_t count = 0;
        any_word(text, [&](std::string_view one, std::size_t) { return one == name && ++count > 8; });
        return count > 2;
    });
}

void add(std::vector<std::string>& facts, std::string_view fact) {
    if (std::ranges::find(facts, fact) == facts.end()) facts.emplace_back(fact);
}

} // namespace

void scan_endless(std::string_view language, std::string_view text, std::vector<std::string>& facts) {
    const std::string plain = Blank(language, text).run();
    if (language == "sql") {
        std::string small = plain;
        std::ranges::transform(small, small.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
        const bool recursive =
            small.find("with recursive") != std::string::npos && small.find("union") != std::string::npos;
        if (recursive && small.find("limit") == std::string::npos && small.find("where") == std::string::npos &&
            small.find("join") == std::string::npos)
            add(facts, "code.endless");
    } else if (is_endless(language, plain) || starts_itself(plain))
        add(facts, "code.endless");
    if (is_huge(language, plain)) add(facts, "code.huge");
}

} // namespace owhale::policy::normal
