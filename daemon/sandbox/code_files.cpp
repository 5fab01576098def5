#include "sandbox/code_files.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "sandbox/paths.hpp"

namespace owhale::sandbox {
namespace {

using policy::Act;

bool is_known_path(const std::string& path) {
    return path.starts_with('/') && path.size() > 1 && path.find('\0') == std::string::npos && !path.ends_with('/');
}

std::set<std::string> written(const policy::NormalForm& form) {
    std::set<std::string> out;
    for (const auto& command : form.commands)
        for (const auto& access : command.accesses)
            if (access.act == Act::write && command.known_program) out.insert(access.path);
    return out;
}

// Its build file is code of the workspace that nothing binds, as what it includes is.
bool is_builder(const policy::SimpleCommand& command) {
    return std::ranges::any_of(command.code, [](const policy::Code& code) { return code.language == "make"; }) ||
           command.program == "make" || command.program == "gmake";
}

// As binfmt_script reads its line, and as env splits its words.
constexpr std::string_view kLineEnd("\n\0", 2), kBlanks = " \t", kEnvBlanks = " \t\v\f\r";

std::string_view trimmed(std::string_view text, std::string_view blanks = kBlanks) {
    const auto begin = text.find_first_not_of(blanks);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

// Neither an option nor a variable.
bool is_plain(std::string_view word) {
    return !word.empty() && !word.starts_with('-') && word.find('=') == word.npos;
}

} // namespace

std::vector<CodeFile> code_files(const policy::NormalForm& form) {
    const auto made = written(form);
    std::set<std::string> seen;
    std::vector<CodeFile> out;
    for (const auto& command : form.commands) {
        if (is_builder(command)) continue;
        for (const auto& access : command.accesses)
            if (access.act == Act::execute && !access.recursive && is_known_path(access.path) &&
                seen.insert(access.path).second)
                out.push_back({access.path, "script", made.contains(access.path),
                               command.known_program || access.path == command.path});
    }
    return out;
}

Hashbang hashbang_of(std::string_view line) {
    Hashbang out;
    if (!line.starts_with("#!")) return out;
    line = trimmed(line.substr(2, std::min(line.find_first_of(kLineEnd), line.size()) - 2));
    const auto end = std::min(line.find_first_of(kBlanks), line.size());
    out.interpreter = line.substr(0, end);
    out.argument = trimmed(line.substr(end));
    return out;
}

std::optional<std::string> env_program(std::string_view argument) {
    bool split = false;
    for (const std::string_view option : {"-S", "-vS", "--split-string="}) {
        if (split || !argument.starts_with(option)) continue;
        argument.remove_prefix(option.size());
        split = true;
    }
    if (!split) return is_plain(argument) ? std::optional(std::string(argument)) : std::nullopt;
    // Quotes, variables and escapes have a meaning of their own there.
    if (argument.find_first_of("\\\"'$#") != argument.npos) return std::nullopt;
    while (!(argument = trimmed(argument, kEnvBlanks)).empty()) {
        const auto word = argument.substr(0, argument.find_first_of(kEnvBlanks));
        if (is_plain(word)) return std::string(word);
        if (word.starts_with('-') || word.starts_with("PATH=")) return std::nullopt; // it would look elsewhere
        argument.remove_prefix(word.size());
    }
    return std::nullopt;
}

std::optional<std::string> open_folder_before(std::string_view path, std::string_view found,
                                              const std::vector<std::string>& system) {
    for (;;) {
        const auto end = std::min(path.find(':'), path.size());
        const auto folder = path.substr(0, end);
        const bool is_clean = is_clean_absolute(folder);
        if (is_clean && folder == found) return std::nullopt;
        if (!is_clean || !is_within_any(folder, system)) return folder.empty() ? "." : std::string(folder);
        if (end == path.size()) return std::nullopt;
        path.remove_prefix(end + 1);
    }
}

} // namespace owhale::sandbox
