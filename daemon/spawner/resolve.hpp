// Turning what a client named into descriptors and facts, in a short-lived child that has the requester's rights alone.
//
// The spawner's own loop opens no path that a client chose: a stalled network or FUSE mount hangs this child only, and
// the deadline ends it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/blob.hpp"
#include "sandbox/plan.hpp"
#include "spawner/connections.hpp"

namespace owhale::spawner {

inline constexpr std::int64_t kResolveDeadlineNs = 5'000'000'000;

struct Probe {
    wire::ProbeBase base;
    std::uint32_t flags;
    std::string path;
};

struct Question { // plain data, complete before the fork
    std::uint64_t resolution = 0;
    std::uint64_t connection = 0;
    std::uint32_t account = 0; // as the broker named it; rights.cpp judges
    std::uint64_t parent = 0;  // the run that asks, 0 none
    std::string own_folder;    // an account's: the folder that its own is made in, "" none
    bool find_program = false;
    // Of a run that asks: whether it sees a path of the host's, and whether a name may be looked up at all. Empty: it may.
    std::function<bool(const std::string& path)> sees, names;
    bool scan = false;
    std::string ssh_agent; // to be connected to, "" none
    std::string cwd, workspace, program, path, home, user;
    Identity identity;                      // whose rights to resolve with
    std::uint32_t run_uid = 0, run_gid = 0; // what a run would get
    bool drop_groups = true;                // false: rootless, where setgroups is refused
    std::vector<Probe> probes;
    std::vector<std::string> scan_names;

    std::size_t answer_lists() const { return scan ? 4 : 3; }
};

// A resolution that was answered: what a `run` may refer to, once.
struct Resolution {
    wire::Resolved facts{};
    Identity identity;
    std::uint64_t parent = 0; // the run that asked, 0 none
    Fd cwd, workspace;
    std::string cwd_path, workspace_path, program_path; // without links
    std::map<std::size_t, Fd> mounts;                   // probe index -> O_PATH descriptor
    std::set<std::string> git_folders; // of these, by index: the workspace's own git folder and its common one
    std::int64_t answered_ns = 0;
};

struct Child { // a resolve under way
    Fd pidfd;
    Fd socket;
    std::int64_t deadline_ns = 0;
    Question question;
    bool serves_on = false; // it has said that it takes another question of its identity
};

// What a child that serves on is sent: the question less its identity, which the child has.
std::string pack_question(const Question& question);
Result<Question> unpack_question(std::string_view bytes, const Identity& identity);
inline constexpr std::size_t kMaxSentQuestion = 128u << 10; // larger ones get a child of their own

struct ChildAnswer { // of the child, with the descriptors of finish_resolve
    wire::Resolved facts;
    std::uint32_t serves_on;
};

// Parses a Resolve message; an error is a protocol violation.
Result<Question> read_question(const wire::Resolve& message, const wire::Blob& blob);
// Starts a child that answers this question first.
Result<Child> start_resolve(Question question);

struct Answer {
    wire::Resolved facts{};
    Resolution resolution;
    Fd blob;
    std::vector<Fd> for_broker; // program, reads, the ssh agent
};
// Reads the child's packet, and whether it serves on. It is not waited for here: closing a file of a FUSE mount that
// answers nothing keeps even a killed process.
Result<Answer> finish_resolve(Child& child);

// The child's part; never returns. A run's question is answered by what the spawner knew at the fork, and is the last one.
[[noreturn]] void resolve_in_child(const Question& question, int socket);

} // namespace owhale::spawner
