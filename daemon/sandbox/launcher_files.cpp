// The launcher's step before people are asked: the files whose content is part of what they agree to, digested.
#include "sandbox/launcher.hpp"

#include <algorithm>
#include <map>
#include <sys/stat.h>

#include "sandbox/paths.hpp"
#include "sandbox/record.hpp"

namespace owhale::sandbox {
namespace {

using boost::asio::awaitable;

struct Folder { // asked about in one go
    std::string path;
    std::vector<CodeFile> files; // at most wire::kMaxReads
};

std::pair<std::string, std::string> split(const std::string& path) {
    const auto slash = path.rfind('/');
    return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

std::vector<Folder> by_folder(const std::vector<CodeFile>& files) {
    std::vector<Folder> out;
    for (const auto& file : files) {
        const auto folder = split(file.path).first;
        const auto at = std::ranges::find_if(
            out, [&](const Folder& one) { return one.path == folder && one.files.size() < wire::kMaxReads; });
        if (at == out.end())
            out.push_back({folder, {file}});
        else
            at->files.push_back(file);
    }
    return out;
}

Probes probes_of(const Folder& folder) {
    Probes probes;
    for (const auto& file : folder.files)
        probes.rows.push_back({Purpose::code, wire::kBaseAbsolute, wire::kProbeRead, file.path});
    return probes;
}

std::size_t deepest(const std::string& path, const std::vector<std::string>& folders) {
    std::size_t most = 0;
    for (const auto& folder : folders)
        if (is_within(path, folder)) most = std::max(most, folder.size());
    return most;
}

bool is_missing(const wire::PathFact& fact) {
    return fact.mode == 0 && (fact.err == ENOENT || fact.err == ENOTDIR);
}

} // namespace

void Prepared::take_unaskable(Error why) {
    verdict.reason += "; " + to_line(why);
    unaskable = std::move(why);
}

// Whether the cage has the host's own file at that path: the innermost folder that it shows decides.
bool is_same_inside(const std::string& path, const View& view) {
    return deepest(path, view.folders) > deepest(path, view.private_);
}

// To a program, as the caller would run it; it stays without a digest when it is none.
awaitable<void> Launcher::follow_link(api::FrozenFile& file, const Caller& caller, const api::RunRequest& request) {
    auto user = request.run_as.value_or("");
    std::string no_path;
    auto held = co_await looker_.look_up(caller, file.path, std::move(no_path), std::move(user));
    if (!held || !held->resolution.program_fd) co_return;
    auto& resolution = held->resolution;
    const auto fact = resolution.facts.program;
    auto digest = co_await digests_.of(std::move(resolution.program_fd), fact, caller.uid);
    file = {resolution.program_real, std::move(digest), file.role, fact.fixed != 0};
}

// A path of the box is another file inside than it is here: nobody can agree to what cannot be seen.
awaitable<Status> Launcher::bind_folder(Prepared& prepared, const Caller& caller, const View& view,
                                        const std::string& path, std::vector<CodeFile> files) {
    const Folder folder{path, std::move(files)};
    const auto probes = probes_of(folder);
    auto user = prepared.request.run_as.value_or("");
    auto held = co_await looker_.look_into(caller, folder.path, std::move(user), probes);
    if (!held && (held.error().code == Code::busy || held.error().step == "resolve.connection"))
        co_return std::unexpected(held.error());
    const bool absent = !held && held.error().code == Code::cwd_missing;
    for (std::size_t i = 0; i < folder.files.size(); ++i) {
        const auto& file = folder.files[i];
        if (!held && !absent) {
            if (!file.needed) continue;
            prepared.files.push_back({file.path, "", file.role, false});
            continue;
        }
        const auto fact = held ? Probes::fact(held->resolution, i) : wire::PathFact{};
        const bool missing = absent || is_missing(fact);
        // What the same text makes first is told by that text.
        if (missing && (file.made || !file.needed)) continue;
        const auto real = held ? join(held->resolution.cwd, split(file.path).second) : file.path;
        if (std::ranges::any_of(prepared.files, [&](const auto& known) { return known.path == real; })) continue;
        api::FrozenFile frozen{real, "", file.role, fact.fixed != 0};
        const bool is_shown = is_same_inside(real, view);
        if (!missing && S_ISREG(fact.mode) && is_shown) {
            auto fd = take_read(probes, held->resolution, i);
            if (fd) frozen.digest = co_await digests_.of(std::move(fd), fact, caller.uid);
        }
        if (frozen.digest.empty() && !file.needed) continue;
        if (S_ISDIR(fact.mode)) continue; // a folder of code: nothing binds what lies in it
        // Root's own links (/bin/sh) are followed; whoever made another one can lead it elsewhere.
        if (S_ISLNK(fact.mode) && is_within_any(real, parts_.profiles.tables()->system))
            co_await follow_link(frozen, caller, prepared.request);
        if (!file.made) prepared.bound.push_back(frozen.path);
        prepared.files.push_back(std::move(frozen));
    }
    co_return Status{};
}

// `path` is what PATH is inside.
awaitable<Status> Launcher::bind_files(Prepared& prepared, const Caller& caller, const View& view, std::string path) {
    const auto& resolution = prepared.looked.held.resolution;
    const auto program = resolution.program_real.empty() ? prepared.looked.program : resolution.program_real;
    prepared.files.push_back({program, prepared.looked.search_in_cage ? "" : prepared.program_digest, "program",
                              resolution.facts.program.fixed != 0});
    prepared.bound.push_back(program);
    auto files = prepared.code;
    if (const auto hashbang = read_hashbang(resolution.hashbang))
        if (hashbang->interpreter.starts_with('/')) files.push_back({hashbang->interpreter, "interpreter"});
    for (auto& file : code_of_environment(prepared.request.env.value_or(std::map<std::string, std::string>{}),
                                          prepared.looked.mounts.cwd))
        files.push_back(std::move(file));
    std::erase_if(files, [&](const CodeFile& file) { return file.path == resolution.program || file.path == program; });
    if (files.size() > kMaxCodeFiles)
        co_return fail(Code::approval_required, "nobody can agree to this: it runs more than 64 files",
                       "run them one by one");
    for (auto& folder : by_folder(files))
        CO_CHECK(co_await bind_folder(prepared, caller, view, folder.path, std::move(folder.files)));
    co_return co_await bind_named(prepared, caller, view, path);
}

awaitable<Status> Launcher::bind_what_is_asked(Prepared& prepared, const Caller& caller, const View& view,
                                               std::string path) {
    if (prepared.verdict.decision != "ask" || prepared.failure) co_return Status{};
    auto bound = co_await bind_files(prepared, caller, view, std::move(path));
    if (bound || bound.error().code != Code::approval_required) co_return bound;
    prepared.take_unaskable(std::move(bound).error());
    co_return Status{};
}

awaitable<Result<bool>> Launcher::are_plain(Caller caller, std::string user, std::vector<std::string> paths) {
    std::vector<CodeFile> files;
    for (auto& path : paths) files.push_back({std::move(path), "", false});
    for (const auto& folder : by_folder(files)) {
        const auto probes = probes_of(folder);
        const auto held = co_await looker_.look_into(caller, folder.path, user, probes);
        if (!held && held.error().code == Code::busy) co_return std::unexpected(held.error());
        if (!held || held->resolution.cwd != folder.path) co_return false;
        for (std::size_t i = 0; i < folder.files.size(); ++i)
            if (S_ISLNK(Probes::fact(held->resolution, i).mode)) co_return false;
    }
    co_return true;
}

Status Launcher::hold_to_agreed(Prepared& prepared) const {
    std::vector<ApprovedFile> files;
    for (const auto& file : prepared.files)
        if (!file.held && std::ranges::find(prepared.bound, file.path) != prepared.bound.end())
            files.push_back({file.path, file.digest, file.role == "program"});
    const auto& real = prepared.looked.held.resolution.program_real;
    // A link on the way to it may be anybody's: it is run by the path that was looked at.
    if (!real.empty() && !prepared.plan.blob.empty()) prepared.plan.blob[0].at(0) = real;
    return hold_to_approved(prepared.plan, std::move(files));
}

} // namespace owhale::sandbox
