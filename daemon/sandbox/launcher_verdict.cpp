// The launcher's step between looking and planning: the verdict, and what its ceiling leaves of what was asked for.
#include "sandbox/launcher.hpp"

#include <algorithm>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/agreed_hosts.hpp"
#include "sandbox/ceiling.hpp"
#include "sandbox/inquiry.hpp"
#include "sandbox/record.hpp"
#include "sandbox/scope.hpp"
#include "sandbox/verdict.hpp"

namespace owhale::sandbox {
namespace {

using boost::asio::awaitable;

constexpr std::chrono::seconds kReadTime{3};

bool same_file(const wire::PathFact& a, const wire::PathFact& b) {
    return a.dev == b.dev && a.ino == b.ino && a.mode == b.mode;
}

// What was judged is what will run: between the two looks nothing may have become something else.
bool same_places(const Looked& a, const Looked& b) {
    const auto &x = a.held.resolution, &y = b.held.resolution;
    return x.cwd == y.cwd && x.workspace == y.workspace && x.program == y.program && x.program_real == y.program_real &&
           a.decision.path == b.decision.path && same_file(x.facts.cwd, y.facts.cwd) &&
           same_file(x.facts.workspace, y.facts.workspace) && same_file(x.facts.program, y.facts.program);
}

Error unusable_project(const std::string& path, std::string_view why, std::string next) {
    return {Code::config_invalid, path + " " + std::string(why), std::move(next), 0, {}};
}

Status check_project(const std::string& path, const wire::PathFact& fact, std::uint32_t owner) {
    const std::string next = "mend or remove it, outside the cage";
    if (fact.mode == 0)
        return std::unexpected(Error{Code::config_invalid, path + " cannot be read", next, fact.err, {}});
    if (S_ISLNK(fact.mode))
        return std::unexpected(unusable_project(path, "is a link, and links are not followed", next));
    if (!S_ISREG(fact.mode)) return std::unexpected(unusable_project(path, "is no regular file", next));
    if (fact.uid != owner && fact.uid != 0)
        return std::unexpected(unusable_project(path, "is neither yours nor root's", "chown it, or work elsewhere"));
    if (fact.size > wire::kMaxPolicyFile)
        return std::unexpected(unusable_project(path, "is larger than 256 KiB", next));
    return {};
}

// Of a file that is told to be small, and may have grown.
Result<std::string> read_small(int fd) {
    std::string text(wire::kMaxPolicyFile + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const auto n = ::pread(fd, text.data() + size, text.size() - size, static_cast<off_t>(size));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("reading it");
        if (n == 0) break;
        size += static_cast<std::size_t>(n);
    }
    if (size > wire::kMaxPolicyFile) return fail(Code::config_invalid, "it is larger than 256 KiB");
    text.resize(size);
    return text;
}

std::string by_rule(const api::Verdict& verdict) {
    return "the rule " + verdict.rule + " lets it run ";
}

// A command that joins its cage is not it. With the host's network, or as another user, it is inside of too little to go unasked.
bool is_caged_agent(const Prepared& prepared) {
    const auto& request = prepared.request;
    if (prepared.joined || !prepared.profile || prepared.profile->agent.empty()) return false;
    return request.net.value_or("none") != "host" && !request.run_as;
}

bool is_narrower(const policy::Ceiling& ceiling, const Run& target, const Profiles& profiles) {
    if (net_under(ceiling, target.record.net) != target.record.net) return true;
    if (ceiling.read_only && target.receipt.workspace_writable) return true;
    if (ceiling.profile.empty()) return false;
    const auto has = profiles.find(target.cage.profile);
    const auto within = [&](const std::string& name) {
        const auto most = profiles.find(name);
        return has && most && narrower_of(*has, *most) == *has;
    };
    return !within(ceiling.profile) || !std::ranges::all_of(ceiling.also, within);
}

} // namespace

awaitable<Result<std::shared_ptr<const ProjectFile>>> Launcher::project_of(Looked& looked, const Caller& caller) {
    std::shared_ptr<const ProjectFile> none;
    auto& resolution = looked.held.resolution;
    const auto index = looked.probes.find(Purpose::project_policy, wire::kBaseWorkspace, kProjectFile);
    if (looked.decision.path.empty() || !index) co_return none;
    const auto fact = Probes::fact(resolution, *index);
    if (fact.mode == 0 && (fact.err == ENOENT || fact.err == ENOTDIR)) co_return none;
    auto file = std::make_shared<ProjectFile>();
    file->path = printable(resolution.workspace + "/" + std::string(kProjectFile));
    file->fact = fact;
    CO_CHECK(check_project(file->path, fact, resolution.facts.owner_uid));
    auto fd = take_read(looked.probes, resolution, *index);
    if (!fd)
        co_return std::unexpected(
            unusable_project(file->path, "cannot be read", "chmod u+r it; on a FUSE mount it cannot be"));
    Blocking::Job job = [shared = std::make_shared<Fd>(std::move(fd))] { return read_small(shared->get()); };
    auto text = co_await blocking_.run(caller.uid, std::move(job), kReadTime);
    if (!text) co_return std::unexpected(text.error());
    file->text = std::move(*text);
    co_return std::shared_ptr<const ProjectFile>(std::move(file));
}

awaitable<Status> Launcher::ask_rules(Prepared& prepared, const Caller& caller, policy::Facts facts,
                                      const api::NetScope* scope) {
    Question question{inquiry_of(prepared.request), std::move(facts), parts_.rules.current(), {}, {}};
    if (scope != nullptr) question.agreed = agreed_of(*scope);
    question.caged_agent = is_caged_agent(prepared);
    if (prepared.joined == std::nullopt && (prepared.scope || prepared.request.secrets))
        question.beside = questions_of(prepared.scope.value_or(api::NetScope{}), prepared.request);
    if (!prepared.projects.empty()) {
        auto files = prepared.projects;
        auto set = co_await parts_.rules.with(std::move(files), caller.uid);
        if (!set) co_return std::unexpected(set.error());
        question.rules = std::move(*set);
    }
    auto judged = co_await judge_.judge(std::move(question), caller.uid);
    if (!judged) co_return std::unexpected(judged.error());
    prepared.verdict = std::move(judged->verdict);
    prepared.ceiling = std::move(judged->ceiling);
    prepared.code = std::move(judged->code);
    prepared.named = std::move(judged->named);
    prepared.talks_to = std::move(judged->talks_to);
    prepared.named_hosts = std::move(judged->hosts);
    co_return Status{};
}

awaitable<Status> Launcher::judge(Prepared& prepared, const Caller& caller) {
    if (auto missing = missing_layers(parts_.settings, parts_.ready)) {
        prepared.verdict = std::move(*missing);
        co_return Status{};
    }
    auto project = co_await project_of(prepared.looked, caller);
    if (!project) co_return std::unexpected(project.error());
    const auto own = prepared.looked.decision.path;
    if (*project) prepared.projects.push_back(std::move(*project));
    // A run cannot ask its way out of the rules that it is under, into a repository of its own making below.
    if (caller.asker && caller.asker->workspace != own)
        for (const auto& file : caller.asker->projects) prepared.projects.push_back(file);
    auto facts = inquiry_facts(prepared);
    const auto scope = know_placeholders(prepared, caller, facts);
    co_return co_await ask_rules(prepared, caller, std::move(facts), scope ? &*scope : nullptr);
}

awaitable<Status> Launcher::judge_exec(Prepared& prepared, const Caller& caller, const Run& target,
                                       const std::map<std::string, std::string>& env) {
    if (auto missing = missing_layers(parts_.settings, parts_.ready)) {
        prepared.verdict = std::move(*missing);
        co_return Status{};
    }
    prepared.projects = target.cage.projects;
    auto facts = inquiry_facts(prepared, target, env);
    const auto scope = target.cage.scope; // of its network, which the command gets: no wider than it was then
    const auto ruled = co_await ask_rules(prepared, caller, std::move(facts), scope ? &*scope : nullptr);
    if (!ruled) co_return std::unexpected(ruled.error());
    if (prepared.verdict.decision != "allow" || !is_narrower(prepared.ceiling, target, parts_.profiles))
        co_return Status{};
    prepared.verdict.decision = "ask"; // a cage that stands cannot be narrowed for one command
    prepared.verdict.reason = by_rule(prepared.verdict) + "in a narrower cage than that of run " + target.id();
    co_return Status{};
}

awaitable<Status> Launcher::hold_to_ceiling(Prepared& prepared, const Caller& caller, const Tables& tables) {
    const auto& ceiling = prepared.ceiling;
    auto& request = prepared.request;
    const auto asked = request.net.value_or("none");
    narrow_network(prepared);
    if (auto net = net_under(ceiling, asked); net != asked) {
        prepared.narrowed.push_back({by_rule(prepared.verdict) + "without the network that was asked for: " + asked,
                                     "a rule that allows it with `ceiling = { net = \"" + asked + "\" }`"});
        request.net = std::move(net);
        if (*request.net == "none") prepared.scope.reset();
        if (*request.net == "scoped") CO_CHECK(choose_network(prepared, caller));
        narrow_network(prepared);
    }
    auto profile = prepared.profile;
    auto held_to = ceiling.also; // to every one of them, whatever the others leave
    if (!ceiling.profile.empty()) held_to.push_back(ceiling.profile);
    for (const auto& name : held_to) {
        const auto most = parts_.profiles.find(name);
        if (!most) co_return std::unexpected(most.error());
        profile = narrower_of(profile, *most);
    }
    const bool read_only = ceiling.read_only && prepared.looked.decision.writable;
    if (profile == prepared.profile && !read_only) co_return Status{};
    prepared.profile = std::move(profile);
    if (read_only) prepared.read_only = by_rule(prepared.verdict) + "with the workspace read-only";
    auto again = co_await look(prepared, caller, tables);
    if (!again) co_return std::unexpected(again.error());
    if (!same_places(prepared.looked, *again))
        co_return fail(Code::conflict, "the working folder, the workspace or the program changed while it was judged",
                       "try again");
    prepared.looked = std::move(*again);
    co_return Status{};
}

} // namespace owhale::sandbox
