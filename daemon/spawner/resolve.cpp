#include "spawner/resolve.hpp"

#include <sys/socket.h>

#include "base/clock.hpp"
#include "spawner/channel.hpp"
#include "spawner/processes.hpp"

namespace owhale::spawner {

Result<Child> start_resolve(Question question) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return fail_errno("socketpair");
    Child child;
    child.socket.reset(pair[0]);
    const Fd theirs(pair[1]);
    child.question = std::move(question);
    child.deadline_ns = monotonic_ns() + kResolveDeadlineNs;
    int pidfd = -1;
    const auto pid = clone_process(0, &pidfd, -1);
    if (pid < 0) return fail_errno("clone");
    if (pid == 0) resolve_in_child(child.question, theirs.get());
    child.pidfd.reset(pidfd);
    return child;
}

Result<Answer> finish_resolve(Child& child) {
    child.serves_on = false;
    auto packet = receive(child.socket.get(), 253, MSG_DONTWAIT);
    if (!packet) return std::unexpected(packet.error());
    // Descriptors in the child's order: blob, [cwd, workspace], [program], reads, mounts.
    ChildAnswer said{};
    if (packet->size != sizeof said || packet->fds.empty())
        return fail(Code::system, "the resolve child ended without an answer");
    std::memcpy(&said, packet->bytes.data(), sizeof said);
    auto& facts = said.facts;
    Answer answer;
    auto& fds = packet->fds;
    answer.blob = std::move(fds[0]);
    std::size_t at = 1;
    if (facts.err == 0) {
        const auto blob = TRY(wire::read_blob(answer.blob.get(), child.question.answer_lists()));
        if (fds.size() < 3 || blob[0].size() != 9) return fail(Code::system, "the resolve child's answer is cut short");
        answer.resolution.cwd = std::move(fds[at++]);
        answer.resolution.workspace = std::move(fds[at++]);
        answer.resolution.cwd_path = blob[0][0];
        answer.resolution.workspace_path = blob[0][1];
        answer.resolution.program_path = blob[0][3];
        const std::size_t own = facts.has_program_fd + facts.read_count;
        for (std::size_t i = 0; i < own && at < fds.size(); ++i) answer.for_broker.push_back(std::move(fds[at++]));
        for (std::size_t i = 0; i < child.question.probes.size() && at < fds.size(); ++i) {
            if ((child.question.probes[i].flags & wire::kProbeMount) == 0) continue;
            wire::PathFact fact{};
            if (blob[1].size() <= i || blob[1][i].size() != sizeof fact)
                return fail(Code::system, "the resolve child's facts are cut short");
            std::memcpy(&fact, blob[1][i].data(), sizeof fact);
            if (fact.mode == 0) continue;
            answer.resolution.mounts.emplace(i, std::move(fds[at++]));
            const auto& probe = child.question.probes[i];
            if ((probe.base == wire::kBaseGit || probe.base == wire::kBaseGitCommon) && probe.path.empty())
                answer.resolution.git_folders.insert(std::to_string(i));
        }
    }
    if (child.question.ssh_agent.empty() || facts.err != 0) facts.ssh_agent = -1;
    if (facts.ssh_agent == 0) {
        if (at + 1 != fds.size()) return fail(Code::system, "the resolve child's agent is missing");
        answer.for_broker.push_back(std::move(fds[at++]));
    }
    facts.header = {wire::Type::resolved, sizeof facts};
    facts.resolution = child.question.resolution;
    // What decides who runs is the spawner's own knowledge, not the child's word.
    const auto& identity = child.question.identity;
    facts.uid = child.question.run_uid;
    facts.gid = child.question.run_gid;
    facts.owner_uid = identity.uid;
    answer.facts = facts;
    answer.resolution.facts = facts;
    answer.resolution.identity = child.question.identity;
    answer.resolution.parent = child.question.parent;
    answer.resolution.answered_ns = monotonic_ns();
    child.serves_on = said.serves_on != 0;
    return answer;
}

} // namespace owhale::spawner
