// Looking: from a request to resolved facts and a decision about the workspace, asking the spawner as often as it takes.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "sandbox/blocking.hpp"
#include "sandbox/command.hpp"
#include "sandbox/mount_list.hpp"
#include "sandbox/runs.hpp"
#include "sandbox/workspace.hpp"

namespace owhale::sandbox {

// A resolution that the spawner holds: dropped unless a run uses it up.
class Held {
public:
    Held() = default;
    Held(SpawnerChannel& spawner, Resolution found) : spawner_(&spawner), resolution(std::move(found)) {}
    Held(Held&& other) noexcept
        : spawner_(std::exchange(other.spawner_, nullptr)), resolution(std::move(other.resolution)) {}
    Held& operator=(Held&& other) noexcept {
        drop();
        spawner_ = std::exchange(other.spawner_, nullptr);
        resolution = std::move(other.resolution);
        return *this;
    }
    ~Held() { drop(); }
    void used() { spawner_ = nullptr; }

private:
    void drop() {
        if (spawner_ != nullptr && resolution.facts.err == 0) spawner_->drop_resolution(resolution.number);
        spawner_ = nullptr;
    }
    SpawnerChannel* spawner_ = nullptr;

public:
    Resolution resolution;
};

struct Looked {
    Held held;
    Probes probes;
    Decision decision;
    MountList mounts;
    GitOutside git;
    std::string home;            // inside the cage
    std::string program;         // inside the cage, "" when it was not found
    bool search_in_cage = false; // not found here, but the box may have it
    int program_err = 0;         // ENOENT, EACCES
    std::string program_said;    // about a program that is there but not shown
};

struct LookFacts {
    const api::RunRequest& request;
    const Command& command;
    const Profile& profile;
    const Tables& tables;
    const Caller& caller;
    std::string_view read_only = {}; // why the workspace is not to be written, "" it may
};

class Looker {
public:
    // `workspaces`: null, none is registered.
    Looker(SpawnerChannel& spawner, const config::Settings& settings, const wire::Ready& ready, Blocking& blocking,
           const WorkspaceRegister* workspaces)
        : spawner_(spawner), settings_(settings), ready_(ready), blocking_(blocking), workspaces_(workspaces) {}

    // Errors: cwd_missing, cwd_not_directory, cwd_not_accessible, workspace_refused, language_missing, forbidden, busy.
    boost::asio::awaitable<Result<Looked>> look(LookFacts facts);
    // The path of a folder without links, as the caller reaches it.
    boost::asio::awaitable<Result<std::string>> real_path(const Caller& caller, std::string folder);
    // A folder that somebody wants registered, judged as if it were: workspace_refused.
    boost::asio::awaitable<Result<Runs::Place>> workspace_at(const Caller& caller, std::string folder, std::string user,
                                                             const Tables& tables);
    // Probes by absolute path, and the protected files at depth of a workspace ("" none), as they are now.
    boost::asio::awaitable<Result<Held>> look_again(const Caller& caller, std::string workspace, std::string user,
                                                    const Tables& tables, Probes probes);
    // A folder, and files by absolute path, as they are now: errors as of look().
    boost::asio::awaitable<Result<Held>> look_into(const Caller& caller, std::string folder, std::string user,
                                                   Probes probes);
    // A program on a search path, "" none; nothing of the file system is shown anew.
    boost::asio::awaitable<Result<Held>> look_up(const Caller& caller, std::string program, std::string path,
                                                 std::string user);

private:
    using FileKey = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::int64_t, std::int64_t>;
    struct Ask {
        std::string cwd, workspace, program, path;
        bool named = false;
        bool scan = false; // find protected files at depth
    };
    boost::asio::awaitable<Result<Held>> ask(const LookFacts& facts, const Ask& ask, const Probes& probes);
    boost::asio::awaitable<Result<Held>> ask_about(const Caller& caller, std::string user, const Tables& tables,
                                                   Ask question, Probes probes);
    boost::asio::awaitable<void> read_git(const Caller& caller, Looked& looked, const WorkspaceRules& rules,
                                          std::string& settings);
    // A small file of the caller's; what it held is remembered for as long as inode, size and times stay.
    boost::asio::awaitable<std::string> read(Looked& looked, wire::ProbeBase base, std::string_view path,
                                             std::uint32_t uid);
    WorkspaceRules rules_for(const Caller& caller, const Tables& tables, const Resolution& resolution) const;
    void name_account(const Caller& caller, Looked& looked) const;

    SpawnerChannel& spawner_;
    const config::Settings& settings_;
    const wire::Ready& ready_;
    Blocking& blocking_;
    const WorkspaceRegister* workspaces_;
    Turns turns_{48, 8}; // the spawner takes 64 at once, of all uids
    std::map<FileKey, std::string> known_;
    std::uint64_t next_ = 1;
};

} // namespace owhale::sandbox
