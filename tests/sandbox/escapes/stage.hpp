// What every scene of a taken-over broker needs: a spawner, a client of it, a folder of the client's, and plans.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "spawner.hpp"

namespace owhale::escapes {

// The caller whose connection the broker has: an ordinary uid without an account, or oneself when rootless.
inline constexpr uid_t kCaller = 47001;
inline constexpr uid_t kOther = 47002;

struct Draft { // a run as the broker would send it, ready to be spoilt
    wire::Run run{};
    wire::Blob blob{wire::kRunLists};
};

enum class End { started, refused, spawner_ended, silence };

struct Answer {
    End end = End::silence;
    int err = 0;
    std::string step, detail;
    std::string text() const;
};

class Stage {
public:
    explicit Stage(const Place& place, const std::string& config = "", const std::vector<std::string>& more = {});

    Spawner& spawner() { return *spawner_; }
    const std::string& workspace() const { return workspace_; }
    std::string marker() const { return workspace_ + "/marker"; }
    bool marked() const;
    uid_t caller() const { return caller_; }

    std::uint64_t connect() { return spawner_->connect(caller_, caller_); }
    // Asks about the workspace for a connection; `probes` are the three strings of each.
    std::optional<wire::Resolved> resolve(std::uint64_t connection, const std::string& user = "",
                                          const std::vector<std::string>& probes = {});
    // The same about another folder, as cwd and workspace, by a number of an account.
    std::optional<wire::Resolved> resolve_in(std::uint64_t connection, const std::string& folder,
                                             std::uint32_t account = 0, const std::string& user = "",
                                             const std::vector<std::string>& probes = {});
    std::uint64_t last_resolution() const { return resolution_; }
    // A plan that runs: /bin/sh makes the marker in the workspace.
    Draft draft(std::uint64_t resolution);
    Draft ready_draft(); // connects, resolves and drafts
    Answer launch(const Draft& draft);
    // The same with the blob's bytes or descriptors given by hand.
    Answer launch_raw(const wire::Run& run, const std::vector<int>& fds);
    Answer await_answer();
    std::optional<wire::RunEnded> await_end(std::uint64_t run = 0); // 0: of any

private:
    std::unique_ptr<Spawner> spawner_;
    std::string workspace_;
    uid_t caller_;
    std::uint64_t resolution_ = 0, run_ = 0;
};

void add_mount(Draft& draft, wire::MountKind kind, unsigned flags, const std::string& source,
               const std::string& target);
void set_script(Draft& draft, const std::string& script);
Fd memfd_of(const std::string& bytes, bool sealed);

// Counting: one line for each check that fails (all of them with -v), and the closing line.
void check(const std::string& name, bool good, const std::string& detail = "");
int finish();
extern bool verbose;

void play_identities(const Place& place);
void play_plans(const Place& place);
void play_ceilings(const Place& place);
void play_protocol(const Place& place);
void play_accounts(const Place& place);
void play_children(const Place& place);
void play_files(const Place& place);
void play_approved(const Place& place);
void play_held(const Place& place);
void play_network(const Place& place);
void play_failing(const Place& place);
void play_ports(const Place& place);
void play_ssh_agents(const Place& place);
void play_heads(const Place& place);
void play_gated(const Place& place);

} // namespace owhale::escapes
