#include "sandbox/gitconfig.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

namespace owhale::sandbox {
namespace {

constexpr auto kKeptSections = std::to_array<std::string_view>(
    {"advice",      "alias",   "am",        "apply",     "blame",      "branch",      "checkout", "clean",
     "clone",       "color",   "column",    "commit",    "completion", "core",        "delta",    "diff",
     "difftool",    "feature", "fetch",     "filter",    "format",     "fsck",        "gc",       "grep",
     "gui",         "help",    "i18n",      "index",     "init",       "interactive", "log",      "mailmap",
     "maintenance", "man",     "merge",     "mergetool", "notes",      "pack",        "pager",    "pretty",
     "protocol",    "pull",    "push",      "rebase",    "rerere",     "safe",        "sequence", "show",
     "stash",       "status",  "submodule", "tag",       "user",       "versionsort", "worktree"});
// In any section: they ask for a key, a program or a path that the cage does not have, or hold a secret.
constexpr auto kDroppedKeys =
    std::to_array<std::string_view>({"askpass", "fsmonitor", "gpgsign", "hookspath", "oauth", "oauthtoken", "password",
                                     "signingkey", "sshcommand", "token", "url"});

// What stands behind a backslash in a value, and for what.
constexpr std::string_view kNames = "tbn\\\"", kValues = "\t\b\n\\\"";

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

struct Header {
    std::string section; // ".sub" of the old form included
    std::optional<std::string> sub;
};

struct Entry {
    std::string key;
    std::optional<std::string> value; // none: true
};

// As git reads it (config.c): "\r\n" is the end of a line, a comment is never continued.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {
        if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    }

    static constexpr int kEnd = -1;
    int peek() const {
        if (at_ >= text_.size()) return kEnd;
        return text_.substr(at_).starts_with("\r\n") ? '\n' : static_cast<unsigned char>(text_[at_]);
    }
    int next() {
        const int c = peek();
        if (c != kEnd) at_ += c == '\n' && text_[at_] == '\r' ? 2 : 1;
        return c;
    }
    // What is neither a header nor a key: empty lines, comments.
    void skip() {
        for (int c = peek(); is_blank(c) || c == '\n' || c == '#' || c == ';'; c = peek())
            if (next() == '#' || c == ';') skip_line();
    }
    std::optional<Header> header() {
        Header header;
        next(); // [
        for (int c = next(); c != ']'; c = next()) {
            if (c == ' ' || c == '\t') return subsection(std::move(header));
            if (c != '.' && !is_name(c)) return {};
            header.section += static_cast<char>(c);
        }
        return header.section.empty() ? std::nullopt : std::optional(std::move(header));
    }
    std::optional<Entry> entry() {
        Entry entry;
        if (std::isalpha(peek()) == 0) return {};
        while (is_name(peek())) entry.key += static_cast<char>(next());
        while (peek() == ' ' || peek() == '\t') next();
        const int c = next();
        if (c == '\n' || c == kEnd) return entry;
        if (c != '=' || !(entry.value = value())) return {};
        return entry;
    }

private:
    static bool is_blank(int c) { return c == ' ' || c == '\t' || c == '\r'; }
    static bool is_name(int c) { return c != kEnd && (std::isalnum(c) != 0 || c == '-'); }

    void skip_line() {
        while (peek() != kEnd && next() != '\n') {}
    }
    std::optional<Header> subsection(Header header) {
        while (peek() == ' ' || peek() == '\t') next();
        if (header.section.empty() || next() != '"') return {};
        std::string sub;
        for (int c = next(); c != '"'; c = next()) {
            if (c == '\\') c = next();
            if (c <= 0 || c == '\n') return {};
            sub += static_cast<char>(c);
        }
        if (next() != ']') return {};
        header.sub = std::move(sub);
        return header;
    }
    std::optional<std::string> value() {
        std::string value;
        std::size_t kept = 0; // without the blanks at its end
        for (bool quoted = false;;) {
            const int c = next();
            if (c == '\n' || c == kEnd) return quoted ? std::nullopt : std::optional(value.substr(0, kept));
            if (c == 0) return {};
            if (!quoted && (c == '#' || c == ';')) {
                skip_line();
                return value.substr(0, kept);
            }
            if (!quoted && is_blank(c)) {
                if (!value.empty()) value += static_cast<char>(c);
                continue;
            }
            if (c == '"') {
                quoted = !quoted;
                continue;
            }
            if (c != '\\')
                value += static_cast<char>(c);
            else if (!add_escaped(value))
                return {};
            kept = value.size();
        }
    }
    bool add_escaped(std::string& to) {
        const int c = next();
        if (c == '\n' || c == kEnd) return true; // the line goes on
        const auto at = c <= 0 ? kNames.npos : kNames.find(static_cast<char>(c));
        if (at == kNames.npos) return false;
        to += kValues[at];
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto at = kValues.find(c);
        if (at != kValues.npos) (out += '\\') += kNames[at];
        if (at == kValues.npos) out += c;
    }
    return out + '"';
}

std::string text_of(const Header& header) {
    if (!header.sub) return "[" + header.section + "]\n";
    std::string sub;
    for (const char c : *header.sub) (c == '"' || c == '\\' ? sub += '\\' : sub) += c;
    return "[" + header.section + " \"" + sub + "\"]\n";
}

std::string text_of(const Entry& entry) {
    if (!entry.value) return "\t" + entry.key + "\n";
    const auto& value = *entry.value;
    const bool plain = value.find_first_of("\t\b\n\\\"#;\v\f\r") == std::string::npos && !value.starts_with(' ') &&
                       !value.ends_with(' ');
    return "\t" + entry.key + " = " + (plain ? value : in_quotes(value)) + "\n";
}

} // namespace

std::string without_credentials(std::string_view config) {
    std::string out, header; // `header`: not written yet
    bool kept = false;
    Reader reader(config);
    for (reader.skip(); reader.peek() != Reader::kEnd; reader.skip()) {
        if (reader.peek() == '[') {
            const auto read = reader.header();
            if (!read) return out;
            const auto& section = read->section;
            kept = std::ranges::find(kKeptSections, lower(section.substr(0, section.find('.')))) != kKeptSections.end();
            header = text_of(*read);
            continue;
        }
        const auto entry = reader.entry();
        if (!entry) return out;
        if (!kept || std::ranges::find(kDroppedKeys, lower(entry->key)) != kDroppedKeys.end()) continue;
        out += std::exchange(header, {}) + text_of(*entry);
    }
    return out;
}

} // namespace owhale::sandbox
