#include "cli/shell/wrappers.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fnmatch.h>

#include "cli/shell/folder_note.hpp"
#include "policy/shell/parser.hpp"

namespace owhale::cli::shell {
namespace {

namespace sh = policy::shell;

// As claude-code 2.x, gemini-cli 0.2 to 0.42 and their descendants name them; below a root.
constexpr std::array kFolderFiles = {"claude-*-cwd", "claude-*/cwd-*", "claude-*/claude-*-cwd",
                                     "gemini-shell-*/pwd.tmp", "shell_pwd_*.tmp"};
constexpr std::array kProcessFiles = {"gemini-shell-*/pgrep.tmp", "gemini-shell-*/*pgrep*.tmp", "shell_pgrep_*.tmp"};
constexpr std::array kStateFiles = {"/*/shell-snapshots/snapshot-*.sh", "/*/session-env/*.sh"};
constexpr std::array<std::string_view, 2> kProcessCommands = {"pgrep -g 0", "pgrep -P $$"};
constexpr std::array kRootVariables = {"TMPDIR", "CLAUDE_CODE_TMPDIR", "CLAUDE_TMPDIR"};

struct Change {
    std::uint32_t begin = 0, end = 0;
    std::string text;
};

// The text of a word without expansions, patterns and tildes.
std::optional<std::string> literal(const sh::Word& word) {
    std::string out;
    for (const auto& part : word.parts) {
        if (part.kind != sh::PartKind::literal) return std::nullopt;
        out += part.text;
    }
    return out;
}

// ~/x too: the tilde is whoever's home it is, and only the end of the path is looked at.
std::optional<std::string> state_path(const sh::Word& word) {
    std::string out;
    for (const auto& part : word.parts) {
        const bool tilde = part.kind == sh::PartKind::tilde;
        if (!tilde && part.kind != sh::PartKind::literal) return std::nullopt;
        out += tilde ? "/home" + part.text : part.text;
    }
    return out;
}

bool is_plain_path(const std::string& path) {
    return path.starts_with('/') && path.find("/../") == std::string::npos && path.find("//") == std::string::npos &&
           path.find("/./") == std::string::npos && !path.ends_with("/..");
}

template <std::size_t N> bool lies_there(const std::string& path, const std::array<const char*, N>& names,
                                         const std::vector<std::string>& roots) {
    if (!is_plain_path(path)) return false;
    for (const auto& root : roots) {
        if (!path.starts_with(root + "/")) continue;
        const auto rest = path.substr(root.size() + 1);
        for (const char* name : names)
            if (::fnmatch(name, rest.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0) return true;
    }
    return false;
}

bool is_state(const std::string& path) {
    return is_plain_path(path) && std::ranges::any_of(kStateFiles, [&](const char* pattern) {
               return ::fnmatch(pattern, path.c_str(), 0) == 0;
           });
}

// One redirection of stdout to a file named by its text, and nothing else redirected but stderr behind it.
std::optional<std::string> output_file(const sh::Command& command) {
    if (command.redirects.empty()) return std::nullopt;
    const auto& first = command.redirects.front();
    const bool writes = first.op == sh::RedirectOp::out || first.op == sh::RedirectOp::clobber;
    if (!writes || first.fd.value_or(1) != 1 || !first.variable.empty()) return std::nullopt;
    return literal(first.target);
}

class Finder {
public:
    Finder(const std::string& text, const std::vector<std::string>& roots) : text_(text), roots_(roots) {}

    Unwrapped find(const sh::Script& script) {
        for (const auto& statement : script.statements)
            for (const auto& link : statement.links)
                if (!statement.background && !link.pipeline.negated && link.pipeline.commands.size() == 1)
                    look(link.pipeline.commands.front());
        if (folder_files_ > 1) return {text_, std::nullopt}; // no agent's: which one would be meant?
        return {changed(), folder_file_};
    }

private:
    void look(const sh::Command& command) {
        if (command.kind != sh::CommandKind::simple || !command.assignments.empty() || command.words.empty()) return;
        if (tells_folder(command)) {
            ++folder_files_;
            folder_file_ = output_file(command);
            change(command, std::string(kTellFolder));
        } else if (reads_state(command) || lists_processes(command)) {
            change(command, "true");
        }
    }

    bool tells_folder(const sh::Command& command) const {
        if (command.redirects.size() != 1 || literal(command.words[0]) != "pwd") return false;
        if (command.words.size() > 2 || (command.words.size() == 2 && literal(command.words[1]) != "-P")) return false;
        const auto file = output_file(command);
        return file && lies_there(*file, kFolderFiles, roots_);
    }

    static bool reads_state(const sh::Command& command) {
        const auto name = literal(command.words[0]);
        if ((name != "source" && name != ".") || command.words.size() != 2) return false;
        const bool quiet =
            command.redirects.empty() || (command.redirects.size() == 1 && command.redirects[0].fd == 2u &&
                                          literal(command.redirects[0].target) == "/dev/null");
        const auto file = state_path(command.words[1]);
        return quiet && file && is_state(*file);
    }

    bool lists_processes(const sh::Command& command) const {
        const auto begin = command.words.front().span.begin, end = command.words.back().span.end;
        const auto words = std::string_view(text_).substr(begin, end - begin);
        if (std::ranges::find(kProcessCommands, words) == kProcessCommands.end()) return false;
        const auto file = output_file(command);
        return file && lies_there(*file, kProcessFiles, roots_);
    }

    void change(const sh::Command& command, std::string text) {
        auto end = command.words.back().span.end;
        for (const auto& redirect : command.redirects) end = std::max(end, redirect.span.end);
        changes_.push_back({command.words.front().span.begin, end, std::move(text)});
    }

    std::string changed() const {
        std::string out = text_;
        for (auto change = changes_.rbegin(); change != changes_.rend(); ++change)
            out.replace(change->begin, change->end - change->begin, change->text);
        return out;
    }

    const std::string& text_;
    const std::vector<std::string>& roots_;
    std::vector<Change> changes_; // in the order of the text
    std::optional<std::string> folder_file_;
    int folder_files_ = 0;
};

} // namespace

Unwrapped unwrapped(const std::string& script, const std::vector<std::string>& roots) {
    const auto parsed = sh::parse(script);
    if (!parsed) return {script, std::nullopt};
    return Finder(script, roots).find(*parsed);
}

std::vector<std::string> roots_here() {
    std::vector<std::string> roots = {"/tmp"};
    for (const char* name : kRootVariables) {
        const char* value = std::getenv(name);
        if (value == nullptr || value[0] != '/') continue;
        std::string root(value);
        while (root.ends_with('/')) root.pop_back();
        if (!root.empty()) roots.push_back(std::move(root));
    }
    return roots;
}

} // namespace owhale::cli::shell
