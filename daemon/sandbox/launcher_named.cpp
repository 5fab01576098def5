// The launcher's step after the files that a command names: those that only PATH, and the "#!" lines of these, lead to.
#include "sandbox/launcher.hpp"

#include <algorithm>
#include <sys/stat.h>

#include "sandbox/paths.hpp"
#include "sandbox/record.hpp"

namespace owhale::sandbox {
namespace {

using boost::asio::awaitable;

constexpr std::size_t kMostLookUps = 256; // of one request: each is a child of the spawner's

// Folders of a search path that the host and the cage have in common, as a shell in `cwd` walks them: an empty one is cwd.
std::vector<std::string> walked(std::string_view path, const std::string& cwd, const View& view) {
    std::vector<std::string> out;
    for (;;) {
        const auto end = std::min(path.find(':'), path.size());
        const std::string folder(path.substr(0, end));
        const auto absolute = folder.starts_with('/') ? folder : join(cwd, folder);
        if (is_within_any(absolute, view.folders)) out.push_back(absolute);
        if (end == path.size()) return out;
        path.remove_prefix(end + 1);
    }
}

// A folder that the box fills, in front of or among those that people know: what is found there, nobody has seen.
Status check_search(const std::vector<std::string>& paths, const std::string& cwd, const View& view) {
    for (const auto& path : paths)
        for (const auto& folder : split_search_path(path)) {
            const auto absolute = folder.starts_with('/') ? folder : join(cwd, folder);
            if (is_same_inside(absolute + "/x", view) || !is_within_any(absolute, view.private_)) continue;
            return fail(Code::approval_required,
                        "nobody can agree to this: programs are looked for in " + printable(absolute) +
                            ", which is the box's own",
                        "leave that folder out of PATH");
        }
    return {};
}

std::string joined(const std::vector<std::string>& folders) {
    std::string out;
    for (const auto& folder : folders) (out += out.empty() ? "" : ":") += folder;
    return out;
}

bool knows(const std::vector<api::FrozenFile>& files, const std::string& path) {
    return std::ranges::any_of(files, [&](const auto& file) { return file.path == path; });
}

} // namespace

// Where others than root put programs, in which order they are found.
std::vector<std::string> Launcher::open_paths(const Prepared& prepared, const View& view,
                                              const std::string& own) const {
    const auto& system = parts_.profiles.tables()->system;
    auto all = prepared.named.paths;
    all.push_back(own);
    std::vector<std::string> out;
    for (const auto& path : all) {
        const auto folders = walked(path, prepared.looked.mounts.cwd, view);
        const bool open = std::ranges::any_of(folders, [&](const auto& f) { return !is_within_any(f, system); });
        if (open) out.push_back(joined(folders));
    }
    return out;
}

// What a look-up finds, if others than root can change it; its "#!" line for who follows that. While what is `needed` is
// not there, nobody can agree.
awaitable<Result<std::string>> Launcher::bind_found(Prepared& prepared, const Caller& caller, const View& view,
                                                    const Named& named) {
    auto user = prepared.request.run_as.value_or("");
    auto path = named.path;
    auto held = co_await looker_.look_up(caller, named.program, std::move(path), std::move(user));
    if (!held) co_return std::unexpected(held.error());
    auto& resolution = held->resolution;
    const auto fact = resolution.facts.program;
    if (fact.mode == 0) {
        if (named.needed) prepared.files.push_back({named.program, "", named.role, false});
        co_return std::string();
    }
    const auto real = resolution.program_real;
    const auto hashbang = resolution.hashbang;
    // In rootless mode's user namespace nothing looks like root's.
    const bool is_systems = parts_.settings.rootless && is_within_any(real, parts_.profiles.tables()->system);
    if (fact.fixed != 0 || is_systems || knows(prepared.files, real)) co_return hashbang;
    api::FrozenFile file{real, "", named.role, false};
    if (resolution.program_fd && is_same_inside(real, view))
        file.digest = co_await digests_.of(std::move(resolution.program_fd), fact, caller.uid);
    prepared.bound.push_back(real);
    prepared.files.push_back(std::move(file));
    co_return hashbang;
}

// The kernel runs the interpreter in place of the file, and that reads the line's other words.
awaitable<Status> Launcher::follow_hashbang(Prepared& prepared, const Caller& caller, const View& view,
                                            const std::string& line, const std::string& path) {
    const auto hashbang = read_hashbang(line);
    if (!hashbang) co_return Status{};
    const auto& cwd = prepared.looked.mounts.cwd;
    const auto& interpreter = hashbang->interpreter;
    Named named{interpreter, "", "interpreter", true};
    if (!interpreter.starts_with('/')) { // of whichever folder it is run in
        prepared.files.push_back({join(cwd, interpreter), "", named.role, false});
        co_return Status{};
    }
    const auto found = co_await bind_found(prepared, caller, view, named);
    if (!found) co_return std::unexpected(found.error());
    std::vector<std::string> words;
    if (!hashbang->argument.empty()) words.push_back(hashbang->argument);
    if (interpreter.ends_with("/env")) {
        words = words_of_env(hashbang->argument);
        if (words.empty()) {
            prepared.files.push_back({join(cwd, hashbang->argument), "", named.role, false});
            co_return Status{};
        }
        const bool bare = words[0].find('/') == std::string::npos;
        if (!bare && !words[0].starts_with('/')) words[0] = join(cwd, words[0]);
        Named inner{words[0], bare ? path : "", "interpreter", false};
        const auto inside = co_await bind_found(prepared, caller, view, inner);
        if (!inside) co_return std::unexpected(inside.error());
        words.erase(words.begin());
    }
    for (const auto& word : words) {
        if (word.starts_with('-')) continue;
        CodeFile file{word.starts_with('/') ? word : join(cwd, word), "script", false, false};
        const auto slash = file.path.rfind('/');
        auto folder = slash == 0 ? std::string("/") : file.path.substr(0, slash);
        std::vector<CodeFile> one{std::move(file)};
        CO_CHECK(co_await bind_folder(prepared, caller, view, folder, std::move(one)));
    }
    co_return Status{};
}

awaitable<Status> Launcher::bind_named(Prepared& prepared, const Caller& caller, const View& view,
                                       const std::string& own) {
    auto searched_by = prepared.named.paths;
    searched_by.push_back(own);
    CO_CHECK(check_search(searched_by, prepared.looked.mounts.cwd, view));
    const auto paths = open_paths(prepared, view, own);
    auto names = prepared.named.names;
    if (names.size() * paths.size() > kMostLookUps)
        co_return fail(Code::approval_required, "nobody can agree to this: it runs too many programs by name",
                       "run them in parts, or without folders of your own in PATH");
    for (const auto& path : paths)
        for (const auto& name : names) {
            const Named named{name, path, "command", false};
            const auto found = co_await bind_found(prepared, caller, view, named);
            if (!found) co_return std::unexpected(found.error());
        }
    // `files` grows as they are followed; what it holds already is not put in again, so it ends.
    const auto searched = joined(walked(own, prepared.looked.mounts.cwd, view));
    for (std::size_t i = 0; i < prepared.files.size() && prepared.files.size() <= 2 * kMaxCodeFiles; ++i) {
        if (prepared.files[i].held || prepared.files[i].digest.empty()) continue;
        const Named again{prepared.files[i].path, "", "", false};
        const auto line = co_await bind_found(prepared, caller, view, again);
        if (!line) co_return std::unexpected(line.error());
        CO_CHECK(co_await follow_hashbang(prepared, caller, view, *line, searched));
    }
    if (prepared.bound.size() > kMaxCodeFiles)
        co_return fail(Code::approval_required, "nobody can agree to this: it runs more than 64 files",
                       "run them one by one");
    co_return Status{};
}

} // namespace owhale::sandbox
