#include "sandbox/code_files.hpp"

#include <algorithm>
#include <map>
#include <set>

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

std::string interpreter_of(std::string_view hashbang) {
    if (!hashbang.starts_with("#!")) return {};
    hashbang.remove_prefix(2);
    const auto begin = hashbang.find_first_not_of(" \t");
    if (begin == hashbang.npos || hashbang[begin] != '/') return {};
    const auto end = std::min(hashbang.find_first_of(" \t\r\n", begin), hashbang.size());
    return std::string(hashbang.substr(begin, end - begin));
}

} // namespace owhale::sandbox
