#include "cli/policy_options.hpp"

#include <array>
#include <climits>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/environment.hpp"
#include "cli/run_options.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostScript = 2 << 20; // more than the rules read: they say so

Result<std::string> current_folder() {
    std::array<char, PATH_MAX> buffer{};
    if (::getcwd(buffer.data(), buffer.size()) != nullptr && buffer[0] == '/') return std::string(buffer.data());
    return fail(Code::cwd_missing, "the current folder is gone, or out of reach", "name one: --cwd DIR");
}

Result<std::string> absolute(const std::string& path) {
    if (path.starts_with('/')) return path;
    const auto here = TRY(current_folder());
    return here + (here.ends_with('/') ? "" : "/") + path;
}

std::string home_of(const PolicyOptions& options) {
    return options.home.empty() ? own_variable("HOME").value_or("") : options.home;
}

bool is_repository(const std::string& folder) {
    struct stat status{};
    return ::lstat((folder + "/.git").c_str(), &status) == 0;
}

// The nearest folder above that is a repository's, where it may be a workspace.
std::string repository_around(const policy::Facts& facts) {
    for (auto folder = facts.cwd; folder.size() > 1; folder.resize(folder.rfind('/'))) {
        if (is_repository(folder)) return policy::facts_of_path(folder, facts.home).workspace;
        if (folder.rfind('/') == 0) break;
    }
    return {};
}

} // namespace

void declare(Command command, PolicyOptions& options) {
    command.option("--mode", options.mode, "MODE", "judge as in this mode (local)", Kind::choice, {"local", "strict"});
    command.option("--cwd", options.cwd, "DIR", "as if run there (default: here)", Kind::folder);
    command.option("--workspace", options.workspace, "DIR", "with this workspace (default: found from the folder)",
                   Kind::folder);
    command.option("--home", options.home, "DIR", "with this home (default: $HOME)", Kind::folder);
    command.option("--rules", options.rules, "DIR",
                   "rules from this folder or file instead of /etc/owhaled/policy.d; none: the shipped ones alone",
                   Kind::folder);
}

policy::Mode mode_of(const PolicyOptions& options) {
    return options.mode == "strict" ? policy::Mode::strict : policy::Mode::local;
}

void declare(Command command, SubjectOptions& subject) {
    command.option("--script", subject.script, "TEXT", "judge this shell script instead; - reads it from stdin");
    command.option("--code", subject.language, "LANG", "the script is a program in this language: python");
    command.option("--net", subject.net, "NET", "as if it asked for this network: none (default), scoped or host",
                   Kind::choice, {"none", "scoped", "host"});
    command.tail(subject.words, "[--] CMD [ARG…]", "the command; its options are its own");
}

Result<policy::Request> request_of(const SubjectOptions& subject) {
    policy::Request request;
    request.net = subject.net;
    if (subject.script.empty() && subject.words.empty())
        return fail(Code::bad_request, "there is nothing to judge",
                    "owhalectl policy check CMD [ARG…], or --script TEXT");
    if (!subject.script.empty() && !subject.words.empty())
        return fail(Code::bad_request, "a command and --script: which of them?", "give one of them");
    if (subject.script.empty()) {
        request.argv = subject.words;
        return request;
    }
    auto text = subject.script == "-" ? TRY(read_text("-", kMostScript, "the script")) : subject.script;
    request.language = subject.language;
    (subject.language.empty() ? request.script : request.code) = std::move(text);
    return request;
}

Result<policy::Facts> facts_of(const PolicyOptions& options, const std::string& cwd) {
    auto facts = policy::facts_of_path(TRY(absolute(cwd)), home_of(options));
    if (!options.workspace.empty())
        facts.workspace = policy::facts_of_path(TRY(absolute(options.workspace)), "").cwd;
    else if (auto repository = repository_around(facts); !repository.empty())
        facts.workspace = std::move(repository);
    return facts;
}

Result<policy::Facts> facts_of(const PolicyOptions& options) {
    return facts_of(options, options.cwd.empty() ? TRY(current_folder()) : options.cwd);
}

Result<policy::Facts> assumed_facts(const PolicyOptions& options) {
    auto facts = TRY(facts_of(options));
    const bool named = !options.cwd.empty() || !options.workspace.empty();
    return named || !facts.workspace.empty() ? facts : policy::facts_of_path(kAssumedFolder, facts.home);
}

Result<Rules> rules_for(const PolicyOptions& options, const policy::Facts& facts, bool examples) {
    // Kept to the end of the process, which frees them in no time.
    static std::vector<Rules>& kept = *new std::vector<Rules>();
    const auto sources = TRY(all_sources({options.rules, facts.workspace, examples}));
    kept.push_back(TRY(policy::load_rules(sources)));
    return kept.back();
}

} // namespace owhale::cli
