// The child of a resolve: gives up all but the requester's rights, then looks, and looks again for whoever has the very same
// rights. It may allocate (it was forked from a single-threaded program) and it may hang: nobody else waits for it.
#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hpp"
#include "spawner/channel.hpp"
#include "spawner/credentials.hpp"
#include "spawner/links.hpp"
#include "spawner/lookup.hpp"
#include "spawner/resolve.hpp"
#include "spawner/scan.hpp"
#include "spawner/ssh_agent.hpp"

namespace owhale::spawner {
namespace {

// An account's own folder: made with its ids, so that it is its own by the kernel's word. Whatever else stands at that name
// (a link, somebody's folder, one that others may enter) is no place to work in.
int ensure_own_folder(const std::string& accounts, std::uint32_t uid) {
    const Fd above(::open(accounts.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!above) return errno;
    const auto name = std::to_string(uid);
    if (::mkdirat(above.get(), name.c_str(), 0700) != 0 && errno != EEXIST) return errno;
    const Fd own(::openat(above.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat st{};
    if (!own || ::fstat(own.get(), &st) != 0) return errno;
    if (st.st_uid != uid) return EPERM;
    return (st.st_mode & 07777) == 0700 || ::fchmod(own.get(), 0700) == 0 ? 0 : errno;
}

class Answering {
public:
    Answering(const Question& question, int socket) : question_(question), socket_(socket) {
        facts_ = make<wire::Resolved>(wire::Type::resolved);
        facts_.ssh_agent = -1;
        facts_.uid = question.run_uid;
        facts_.gid = question.run_gid;
        facts_.owner_uid = question.identity.uid;
        facts_.groups_dropped = question.identity.groups_dropped;
        facts_.scan = question.scan ? 1 : 0;
        facts_.group_count = static_cast<std::uint32_t>(std::min<std::size_t>(question.identity.groups.size(), 64));
        std::copy_n(question.identity.groups.begin(), facts_.group_count, facts_.groups);
        strings_.assign(question_.answer_lists(), {});
    }

    void fail_at(const char* step, int errnum) {
        std::snprintf(facts_.step, sizeof facts_.step, "%s", step);
        facts_.err = errnum;
        facts_.ssh_agent = -1;
        strings_.assign(question_.answer_lists(), {});
        fds_.clear();
        send();
    }

    // Whether another question may be taken: no close waits for anybody.
    bool serves_on() const { return serves_on_; }

    void run() {
        if (!question_.own_folder.empty())
            if (const int err = ensure_own_folder(question_.own_folder, question_.identity.uid); err != 0)
                return fail_at("account", err);
        auto cwd = look(AT_FDCWD, question_.cwd, O_DIRECTORY);
        facts_.cwd = cwd.fact;
        if (cwd.fact.mode == 0) return fail_at("cwd", cwd.fact.err);
        if (::faccessat(cwd.fd.get(), ".", X_OK, AT_EACCESS) != 0) return fail_at("cwd", errno);
        auto workspace =
            question_.workspace.empty() ? find_workspace(cwd) : look(AT_FDCWD, question_.workspace, O_DIRECTORY);
        facts_.workspace = workspace.fact;
        if (workspace.fact.mode == 0) return fail_at("workspace", workspace.fact.err);
        Found git, common;
        find_git(workspace, git, common);
        facts_.git = git.fact;
        facts_.git_common = common.fact;
        const auto home =
            question_.home.empty() ? Found{{}, missing(ENOENT), {}} : look(AT_FDCWD, question_.home, O_DIRECTORY);
        facts_.home = home.fact;
        keep(cwd);
        keep(workspace);
        std::string found, hashbang;
        Program program;
        if (question_.find_program) {
            program = find_program(question_, cwd.path);
            program.real.fact.err = program.err;
            program.real.fact.fixed = is_fixed(program.real);
            hashbang = keep_program(program);
        }
        facts_.program = program.real.fact;
        strings_[0] = {cwd.path,
                       workspace.path,
                       program.found,
                       program.real.path,
                       home.fact.mode != 0 ? home.path : question_.home,
                       question_.user,
                       git.path,
                       common.path,
                       hashbang};
        probe_all(workspace, home, git, common);
        // A home is never a workspace: nothing to find there.
        if (question_.scan && workspace.path != home.path && workspace.path != "/") {
            const auto find = asks_for_links(question_.scan_names) ? scan_links : scan_workspace;
            auto scan = find(workspace.fd.get(), question_.scan_names);
            strings_[3] = std::move(scan.found);
            if (!scan.complete) facts_.scan = 2;
        }
        if (!question_.ssh_agent.empty()) connect_agent();
        send();
    }

private:
    // A run has no agent but the one that its own request brought.
    void connect_agent() {
        Fd agent;
        facts_.ssh_agent =
            question_.parent != 0 ? EPERM : connect_ssh_agent(question_.ssh_agent, question_.identity.uid, agent);
        if (facts_.ssh_agent != 0) return;
        fds_.push_back(agent.get());
        kept_.push_back(std::move(agent));
    }

    void keep(const Found& found) { fds_.push_back(found.fd.get()); }

    // Closed once the answer is on its way, and that may take for ever.
    void keep_until_the_end(Fd readable) {
        serves_on_ = false;
        kept_.push_back(std::move(readable));
    }

    std::string keep_program(Program& program) {
        auto readable = open_readable(program.real);
        if (!readable) return {};
        auto hashbang = hashbang_of(readable.get());
        facts_.program_is_script = hashbang.empty() ? 0 : 1;
        if (!may_be_passed(readable.get())) {
            keep_until_the_end(std::move(readable));
            return hashbang;
        }
        facts_.has_program_fd = 1;
        fds_.push_back(readable.get());
        kept_.push_back(std::move(readable));
        return hashbang;
    }

    void probe_all(const Found& workspace, const Found& home, const Found& git, const Found& common) {
        const std::array<const Found*, 5> bases = {nullptr, &home, &workspace, &git, &common};
        std::vector<Fd> mounts;
        for (std::size_t i = 0; i < question_.probes.size(); ++i) {
            const auto& probe = question_.probes[i];
            const auto* base = bases[probe.base];
            Found found;
            if (base != nullptr && base->fact.mode == 0)
                found.fact = missing(ENOENT);
            else
                found = look(base == nullptr ? AT_FDCWD : base->fd.get(), probe.path.empty() ? "." : probe.path,
                             O_NOFOLLOW);
            if ((probe.flags & wire::kProbeRead) != 0) found.fact.fixed = is_fixed(found);
            // A link is told, not followed, and never mounted or read.
            if (S_ISLNK(found.fact.mode)) found.fd.reset();
            strings_[1].emplace_back(reinterpret_cast<const char*>(&found.fact), sizeof found.fact);
            if ((probe.flags & wire::kProbeRead) != 0 && facts_.read_count < wire::kMaxReads) keep_read(found, i);
            if ((probe.flags & wire::kProbeMount) != 0 && found.fact.mode != 0) {
                if (!found.fd)
                    fact_is_unmountable(i);
                else
                    mounts.push_back(std::move(found.fd));
            }
        }
        for (auto& fd : mounts) {
            fds_.push_back(fd.get());
            kept_.push_back(std::move(fd));
        }
    }

    // The spawner counts a mount descriptor for each fact with a mode: a link to be mounted counts as not there.
    void fact_is_unmountable(std::size_t index) {
        const auto none = missing(ELOOP);
        strings_[1][index].assign(reinterpret_cast<const char*>(&none), sizeof none);
    }

    void keep_read(const Found& found, std::size_t index) {
        if (!found.fd) return;
        auto readable = open_readable(found);
        if (!readable) return;
        if (!may_be_passed(readable.get())) {
            keep_until_the_end(std::move(readable));
            return;
        }
        fds_.push_back(readable.get());
        kept_.push_back(std::move(readable));
        strings_[2].push_back(std::to_string(index));
        ++facts_.read_count;
    }

    void send() {
        auto blob = wire::write_blob(strings_);
        if (!blob) ::_exit(1);
        fds_.insert(fds_.begin(), blob->get());
        if (question_.parent != 0) serves_on_ = false;
        ChildAnswer answer{};
        answer.facts = facts_;
        answer.serves_on = serves_on_ ? 1 : 0;
        if (!send_packet(socket_, &answer, sizeof answer, fds_)) ::_exit(1);
        if (!serves_on_) ::_exit(0);
    }

    const Question& question_;
    int socket_;
    bool serves_on_ = true;
    wire::Resolved facts_{};
    wire::Blob strings_;
    std::vector<int> fds_;
    std::vector<Fd> kept_;
};

Question next_question(int socket, const Identity& identity) {
    static std::array<char, kMaxSentQuestion> bytes;
    ssize_t n = 0;
    do n = ::recv(socket, bytes.data(), bytes.size(), 0);
    while (n < 0 && errno == EINTR);
    if (n <= 0) ::_exit(0); // the spawner has no more questions
    auto question = unpack_question({bytes.data(), static_cast<std::size_t>(n)}, identity);
    if (!question) ::_exit(1);
    return std::move(*question);
}

void answer(const Question& question, int socket) {
    Answering(question, socket).run();
}

} // namespace

void resolve_in_child(const Question& question, int socket) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, "owhale-lookup", 0, 0, 0);
    // A child that a mount holds for ever must not hold other runs' pipes open.
    const auto own = static_cast<unsigned>(socket);
    if (::close_range(own + 1, ~0u, 0) != 0 || (own > 3 && ::close_range(3, own - 1, 0) != 0)) ::_exit(1);
    const auto fail = [&](const char* step, int errnum) {
        Answering(question, socket).fail_at(step, errnum);
        ::_exit(1);
    };
    if (const auto err = become(question.identity, question.drop_groups); err != 0) fail("user", err);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);   // a change of ids clears it
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); // and sets this to fs.suid_dumpable: the requester must not trace us
    if (::chdir("/") != 0) fail("child", errno);
    const auto identity = question.identity;
    answer(question, socket);
    for (;;) answer(next_question(socket, identity), socket);
}

} // namespace owhale::spawner
