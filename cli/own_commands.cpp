#include "cli/own_commands.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <span>
#include <sys/stat.h>
#include <unistd.h>

namespace owhale::cli {
namespace {

using Words = std::vector<std::string>;

bool is_bare(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:=@%+,").find(c) != std::string_view::npos;
}

class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    std::optional<Words> words() {
        Words out;
        for (skip_blanks(); !rest_.empty(); skip_blanks()) {
            auto word = one();
            if (!word) return std::nullopt;
            out.push_back(std::move(*word));
        }
        return out.empty() ? std::nullopt : std::optional(std::move(out));
    }

private:
    void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

    // What stands between quotes; between double ones, only what no shell would expand there.
    bool quoted_part(std::string& word) {
        const char quote = rest_.front();
        const auto end = rest_.find(quote, 1);
        if (end == std::string_view::npos) return false;
        const auto inside = rest_.substr(1, end - 1);
        if (quote == '"' && inside.find_first_of("$`\\") != std::string_view::npos) return false;
        word += inside;
        rest_.remove_prefix(end + 1);
        return true;
    }

    std::optional<std::string> one() {
        if (rest_.front() == '=') return std::nullopt; // zsh's =program
        std::string word;
        while (!rest_.empty() && rest_.front() != ' ' && rest_.front() != '\t') {
            if (rest_.front() == '\'' || rest_.front() == '"') {
                if (!quoted_part(word)) return std::nullopt;
            } else if (rest_.starts_with("\\'") || rest_.starts_with("\\\\")) {
                word += rest_[1];
                rest_.remove_prefix(2);
            } else if (is_bare(rest_.front())) {
                word += rest_.front();
                rest_.remove_prefix(1);
            } else {
                return std::nullopt;
            }
        }
        return word;
    }

    std::string_view rest_;
};

bool same_file(const std::string& one, const std::string& other) {
    struct stat a{}, b{};
    return ::stat(one.c_str(), &a) == 0 && ::stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

// By name alone it is the one that we are: whatever a PATH would find, ours is what is run.
bool is_ours(const std::string& word, const std::string& folder, const std::string& program) {
    if (word.find('/') == std::string::npos) return word == "owhalectl";
    return same_file(word.starts_with('/') ? word : folder + "/" + word, program);
}

struct Option {
    std::string_view name;
    bool valued = false;
};

// What owhaled judges when it is asked for the run. Not those that read a file or a variable of the agent's, that say
// which owhaled is asked, or that ask for another user.
constexpr std::array kRunOptions = {
    Option{"--script", true},
    Option{"-n"},
    Option{"--no-stdin"},
    Option{"-d"},
    Option{"--detach"},
    Option{"-i"},
    Option{"--interactive"},
    Option{"--rm"},
    Option{"--workspace", true},
    Option{"-w", true},
    Option{"--workdir", true},
    Option{"-e", true},
    Option{"--env", true},
    Option{"--net", true},
    Option{"--timeout", true},
    Option{"--allow-host", true},
    Option{"--memory", true},
    Option{"--pids", true},
    Option{"--cpus", true},
    Option{"--io", true},
    Option{"--description", true},
    Option{"-q"},
    Option{"--quiet"},
    Option{"-o", true},
    Option{"--output", true},
    Option{"-v"},
    Option{"--verbose"},
    Option{"--no-color"},
    Option{"--profile", true},
};
constexpr std::array kLookOptions = {
    Option{"-q"},
    Option{"--quiet"},
    Option{"-v"},
    Option{"--verbose"},
    Option{"--no-color"},
    Option{"-f"},
    Option{"-a"},
    Option{"-h"},
    Option{"--help"},
    Option{"--timing"},
    Option{"-o", true},
    Option{"--output", true},
    Option{"--limit", true},
    Option{"--script", true},
};

constexpr std::array<std::string_view, 27> kLooking = {
    "runs ls",      "runs show",      "runs logs",    "runs wait",    "runs why",       "runs kill",   "runs signal",
    "policy check", "policy explain", "policy rules", "approvals ls", "approvals show", "profiles ls", "profiles show",
    "box ls",       "box show",       "hosts ls",     "hosts check",  "agents ls",      "agents show", "whoami",
    "status",       "doctor",         "mode",         "metrics",      "version",        "help",
};
constexpr std::array<std::string_view, 19> kHuman = {
    "approve", "deny",     "approvals", "grants",  "freeze", "thaw",  "setup",  "login", "logout", "passwd",
    "users",   "sessions", "tokens",    "secrets", "policy", "hosts", "agents", "hook",  "config",
};

const Option* option_of(std::span<const Option> options, std::string_view word) {
    const auto found = std::ranges::find(options, word.substr(0, word.find('=')), &Option::name);
    return found == options.end() ? nullptr : &*found;
}

// -e NAME alone would hand a variable of the agent's own into the cage.
bool is_given(std::string_view option, std::string_view value) {
    return (option != "-e" && option != "--env") || value.find('=') != std::string_view::npos;
}

// Steps over the options that are permitted; false when there is another one.
bool skip_options(std::span<const std::string>& words, std::span<const Option> options) {
    while (!words.empty() && words.front().starts_with('-') && words.front() != "--" && words.front() != "-") {
        const std::string_view word = words.front();
        const auto* option = option_of(options, word);
        const auto equals = word.find('=');
        if (option == nullptr || (equals != std::string_view::npos && (!option->valued || !word.starts_with("--"))))
            return false;
        words = words.subspan(1);
        if (!option->valued) continue;
        if (equals == std::string_view::npos && words.empty()) return false;
        if (!is_given(option->name, equals == std::string_view::npos ? words.front() : word.substr(equals + 1)))
            return false;
        if (equals == std::string_view::npos) words = words.subspan(1);
    }
    return true;
}

// Options may stand between the words of what looks at something; behind -- all are words.
bool only_looks(std::span<const std::string> words) {
    while (!words.empty() && words.front() != "--") {
        if (!skip_options(words, kLookOptions)) return false;
        if (!words.empty() && words.front() != "--") words = words.subspan(1);
    }
    return true;
}

OwnCommand::Kind kind_of(std::span<const std::string> words) {
    using enum OwnCommand::Kind;
    if (!skip_options(words, kLookOptions) || words.empty()) return other;
    const auto verb = words.front();
    words = words.subspan(1);
    if (verb == "run") return skip_options(words, kRunOptions) ? harmless : other;
    const auto is_looking = [](const std::string& name) { return std::ranges::find(kLooking, name) != kLooking.end(); };
    if (is_looking(verb)) return only_looks(words) ? harmless : other;
    if (!words.empty() && is_looking(verb + " " + words.front()))
        return only_looks(words.subspan(1)) ? harmless : other;
    return std::ranges::find(kHuman, verb) != kHuman.end() ? human : other;
}

// Quotes and backslashes stand outside of quotes: between them fish reads both in a way of its own.
std::string shell_word(std::string_view word) {
    if (!word.empty() && word.front() != '=' && std::ranges::all_of(word, is_bare)) return std::string(word);
    std::string out = "'";
    for (const char c : word) {
        if (c == '\'' || c == '\\')
            out += std::string("'\\") + c + "'";
        else
            out += c;
    }
    return out + "'";
}

std::string verb_of(std::span<const std::string> words) {
    return skip_options(words, kLookOptions) && !words.empty() ? words.front() : "";
}

} // namespace

Result<std::string> own_program() {
    std::array<char, PATH_MAX> buffer{};
    const auto size = ::readlink("/proc/self/exe", buffer.data(), buffer.size() - 1);
    if (size <= 0) return fail_errno("reading /proc/self/exe");
    std::string path(buffer.data(), static_cast<std::size_t>(size));
    if (!same_file(path, "/proc/self/exe"))
        return fail(Code::system, "owhalectl was replaced while it ran", "try again");
    return path;
}

std::optional<std::vector<std::string>> plain_words(std::string_view text) {
    while (text.ends_with(' ') || text.ends_with('\t') || text.ends_with('\n')) text.remove_suffix(1);
    return Reader(text).words();
}

OwnCommand own_command(std::string_view text, const std::string& folder, const std::string& program) {
    auto words = plain_words(text);
    if (!words || !is_ours(words->front(), folder, program)) return {};
    const auto arguments = std::span(std::as_const(*words)).subspan(1);
    OwnCommand out{kind_of(arguments), {}, verb_of(arguments)};
    if (out.kind != OwnCommand::Kind::harmless) return out;
    words->front() = program;
    out.words = std::move(*words);
    return out;
}

std::string command_line(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : " ") + shell_word(word);
    return out;
}

} // namespace owhale::cli
