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

// Holes of what is known only when it runs are NULs.
bool is_known(const std::string& text) {
    return !text.empty() && text.find('\0') == std::string::npos;
}

constexpr std::string_view kBlank = " \t\r";

std::vector<std::string> words(std::string_view text, std::string_view separators) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of(separators), text.size());
        if (end != 0) out.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

struct LoadingRow { // bash(1), dash(1), ld.so(8), python(1)
    std::string_view name, separators;
    bool is_library;
};
constexpr LoadingRow kLoading[] = {{"BASH_ENV", "", false},
                                   {"ENV", "", false},
                                   {"PYTHONSTARTUP", "", false},
                                   {"LD_PRELOAD", " :", true},
                                   {"LD_AUDIT", ":", true}};

std::set<std::string> written(const policy::NormalForm& form) {
    std::set<std::string> out;
    for (const auto& command : form.commands)
        for (const auto& access : command.accesses)
            if (access.act == Act::write && command.known_program) out.insert(access.path);
    return out;
}

// `bash < x`, `cat x | bash`, `eval "$(cat x)"`: any file that it reads may be its code.
bool runs_what_it_reads(const policy::NormalForm& form) {
    return std::ranges::any_of(form.commands, [](const policy::SimpleCommand& command) {
        return std::ranges::any_of(command.facts, [](const auto& fact) {
            return fact == "code.stdin" || fact == "code.unknown" || fact == "code.decoded" ||
                   fact == "program.unknown";
        });
    });
}

// Its build file is code of the workspace that nothing binds, as what it includes is.
bool is_builder(const policy::SimpleCommand& command) {
    return std::ranges::any_of(command.code, [](const policy::Code& code) { return code.language == "make"; }) ||
           command.program == "make" || command.program == "gmake";
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
    if (!runs_what_it_reads(form)) return out;
    for (const auto& command : form.commands)
        for (const auto& access : command.accesses)
            if (access.act == Act::read && !access.recursive && is_known_path(access.path) &&
                out.size() < kMaxCodeFiles / 2 && seen.insert(access.path).second)
                out.push_back({access.path, "input", true, false});
    return out;
}

NamedPrograms named_programs(const policy::NormalForm& form) {
    std::set<std::string> names, paths;
    for (const auto& command : form.commands) {
        for (const auto& [name, value] : command.env)
            if (name == "PATH" && is_known(value.text)) paths.insert(value.text);
        if (command.argv.empty() || !command.path.empty()) continue;
        const auto& name = command.argv.front().text;
        if (is_known(name) && name.find('/') == std::string::npos) names.insert(name);
    }
    return {{names.begin(), names.end()}, {paths.begin(), paths.end()}};
}

std::vector<CodeFile> code_of_environment(const std::map<std::string, std::string>& environment,
                                          const std::string& cwd) {
    std::vector<CodeFile> out;
    for (const auto& row : kLoading) {
        const auto found = environment.find(std::string(row.name));
        if (found == environment.end()) continue;
        for (const auto& word : words(found->second, row.separators)) {
            if (row.is_library && word.find('/') == std::string::npos) continue; // of the system's folders
            out.push_back({word.starts_with('/') ? word : join(cwd, word)});
        }
    }
    return out;
}

std::optional<Hashbang> read_hashbang(std::string_view line) {
    if (!line.starts_with("#!")) return std::nullopt;
    const auto trim = [](std::string_view text) {
        while (!text.empty() && kBlank.find(text.front()) != text.npos) text.remove_prefix(1);
        while (!text.empty() && kBlank.find(text.back()) != text.npos) text.remove_suffix(1);
        return text;
    };
    const auto rest = trim(line.substr(2));
    const auto end = std::min(rest.find_first_of(kBlank), rest.size());
    if (end == 0) return std::nullopt;
    return Hashbang{std::string(rest.substr(0, end)), std::string(trim(rest.substr(end)))};
}

std::vector<std::string> words_of_env(std::string_view argument) {
    constexpr std::string_view kQuoting = "\"'\\$";
    if (argument.find_first_of(kQuoting) != argument.npos) return {};
    auto all = words(argument, kBlank);
    for (std::size_t i = 0; i < all.size(); ++i) {
        std::string_view word = all[i];
        if (word == "-S" || word == "-i" || word == "-" || word == "-v" || word == "-vS" || word == "-iS") continue;
        if (word.starts_with("-S")) {
            all[i] = std::string(word.substr(2));
            word = all[i];
        }
        if (word.starts_with('-')) return {};
        if (word.find('=') == word.npos) return {all.begin() + static_cast<std::ptrdiff_t>(i), all.end()};
    }
    return {};
}

} // namespace owhale::sandbox
