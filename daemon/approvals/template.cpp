#include "approvals/template.hpp"

#include <algorithm>
#include <array>

namespace owhale::approvals {
namespace {

struct Place {
    std::string_view text;
    Slot slot;
};
constexpr std::array kPlaces = {Place{"<word>", Slot::word}, Place{"<number>", Slot::number},
                                Place{"<path>", Slot::path}};
constexpr std::size_t kLongestNumber = 18;

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

std::unexpected<Error> refuse(std::string what) {
    return fail(Code::invalid_value, "like: " + std::move(what),
                "each word is itself, or <word>, <number> or <path>; give all of them, in order");
}

Result<Template::Word> read_word(const std::string& text, bool first) {
    if (text.size() > kLongestWord) return refuse("a word is longer than 4096 bytes");
    if (text == "*") return refuse("`*` would stand for anything");
    const auto place = std::ranges::find(kPlaces, text, &Place::text);
    if (place != kPlaces.end()) {
        if (first) return refuse("the program itself cannot vary");
        return Template::Word{place->slot, text};
    }
    const bool shaped = text.size() > 2 && text.front() == '<' && text.back() == '>';
    if (shaped) return refuse("there is no place " + text.substr(0, 64));
    for (const auto& one : kPlaces)
        if (text.find(one.text) != std::string::npos) return refuse("a place is a whole word: " + text.substr(0, 64));
    return Template::Word{Slot::literal, text};
}

bool fits(const Template::Word& word, const std::string& argument, Folder folder, std::vector<std::string>& paths) {
    switch (word.slot) {
    case Slot::literal:
        return word.text == argument;
    case Slot::word:
        return is_word(argument);
    case Slot::number:
        return is_number(argument);
    case Slot::path:
        auto path = inside(argument, folder);
        if (path) paths.push_back(std::move(*path));
        return !paths.empty() && path.has_value();
    }
    return false;
}

bool is_below(std::string_view path, std::string_view folder) {
    return !folder.empty() && folder != "/" && path.size() > folder.size() && path.starts_with(folder) &&
           path[folder.size()] == '/';
}

// Appends the components of `text`; false for "..": what it leads to after a name, only the file system knows.
bool walk(std::string& path, std::string_view text, bool may_climb) {
    while (!text.empty()) {
        const auto slash = std::min(text.find('/'), text.size());
        const auto part = text.substr(0, slash);
        text.remove_prefix(std::min(slash + 1, text.size()));
        if (part.empty() || part == ".") continue;
        if (part == "..") {
            if (!may_climb || path.empty()) return false;
            path.resize(path.rfind('/'));
            continue;
        }
        may_climb = false;
        (path += '/') += part;
    }
    return true;
}

} // namespace

bool Template::varies() const {
    return std::ranges::any_of(words, [](const Word& word) { return word.slot != Slot::literal; });
}

bool Template::has_path() const {
    return std::ranges::any_of(words, [](const Word& word) { return word.slot == Slot::path; });
}

std::vector<std::string> Template::texts() const {
    std::vector<std::string> out;
    for (const auto& word : words) out.push_back(word.text);
    return out;
}

Result<Template> parse_template(const std::vector<std::string>& words) {
    if (words.empty() || words.size() > kMostWords) return refuse("it needs 1 to 256 words");
    Template out;
    for (const auto& word : words) out.words.push_back(TRY(read_word(word, out.words.empty())));
    if (std::ranges::count_if(out.words, [](const auto& word) { return word.slot != Slot::literal; }) >
        static_cast<std::ptrdiff_t>(kMostPlaces))
        return refuse("more than 16 words vary");
    return out;
}

bool is_word(std::string_view argument) {
    constexpr std::string_view kOptionLike = "-+@"; // of find, of chmod and shells, of curl and gcc
    return !argument.empty() && argument.size() <= kLongestWord &&
           kOptionLike.find(argument.front()) == std::string_view::npos && !has_control(argument);
}

bool is_number(std::string_view argument) {
    return !argument.empty() && argument.size() <= kLongestNumber &&
           argument.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::string> inside(std::string_view argument, Folder folder) {
    // A colon makes a host of what stands before it to scp and rsync, and a list of paths to others.
    if (!is_word(argument) || argument.front() == '~' || argument.find(':') != std::string_view::npos) return {};
    if (folder.workspace.empty() || !folder.cwd.starts_with('/')) return {};
    const bool absolute = argument.starts_with('/');
    std::string path = absolute || folder.cwd == "/" ? "" : std::string(folder.cwd);
    if (!walk(path, argument, !absolute) || !is_below(path, folder.workspace)) return {};
    const auto rest = std::string_view(path).substr(folder.workspace.size());
    if (static_cast<std::size_t>(std::ranges::count(rest, '/')) > kDeepest) return {};
    return path;
}

std::optional<std::vector<std::string>> match(const Template& wanted, const std::vector<std::string>& argv,
                                              Folder folder) {
    if (wanted.words.size() != argv.size()) return {};
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < argv.size(); ++i)
        if (!fits(wanted.words[i], argv[i], folder, paths)) return {};
    return paths;
}

} // namespace owhale::approvals
