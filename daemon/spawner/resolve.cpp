#include "spawner/resolve.hpp"

#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.hpp"
#include "spawner/channel.hpp"
#include "spawner/processes.hpp"

namespace owhale::spawner {
namespace {

constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxPathList = 65536;

Status check_path(const std::string& text, bool may_be_empty) {
    if (text.size() >= kMaxPath || text.find('\0') != std::string::npos)
        return fail(Code::bad_request, "a path with NUL or too long");
    if (text.empty() ? !may_be_empty : text.front() != '/')
        return fail(Code::bad_request, "a path that is not absolute");
    return {};
}

Result<std::uint32_t> digits(const std::string& text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return fail(Code::bad_request, "not a number");
    return value;
}

Result<Probe> read_probe(const std::string& base, const std::string& flags, const std::string& path) {
    Probe probe{static_cast<wire::ProbeBase>(TRY(digits(base))), TRY(digits(flags)), path};
    if (probe.base > wire::kBaseGitCommon || probe.flags > (wire::kProbeMount | wire::kProbeRead))
        return fail(Code::bad_request, "an unknown probe");
    if (path.size() >= kMaxPath || path.find('\0') != std::string::npos)
        return fail(Code::bad_request, "a probe's path");
    const bool absolute = !path.empty() && path.front() == '/';
    if (absolute != (probe.base == wire::kBaseAbsolute))
        return fail(Code::bad_request, "a probe's path and base do not fit");
    return probe;
}

Result<std::vector<std::string>> read_scan_names(const wire::List& names) {
    constexpr std::size_t kMaxNames = 128, kMaxName = 255;
    if (names.size() > kMaxNames) return fail(Code::bad_request, "too many names to scan for");
    for (const auto& name : names)
        if (name.empty() || name.size() > kMaxName || name.find('/') != std::string::npos ||
            name.find('\0') != std::string::npos)
            return fail(Code::bad_request, "a name to scan for");
    return names;
}

wire::List probe_strings(const std::vector<Probe>& probes) {
    wire::List out;
    out.reserve(3 * probes.size());
    for (const auto& probe : probes) {
        out.push_back(std::to_string(probe.base));
        out.push_back(std::to_string(probe.flags));
        out.push_back(probe.path);
    }
    return out;
}

} // namespace

std::string pack_question(const Question& q) {
    const auto number = [](std::uint32_t value) { return std::to_string(value); };
    return wire::pack({{q.own_folder, q.ssh_agent, q.cwd, q.workspace, q.program, q.path, q.home, q.user},
                       {number(q.find_program), number(q.scan), number(q.run_uid), number(q.run_gid),
                        number(q.identity.groups_dropped)},
                       probe_strings(q.probes),
                       q.scan_names});
}

Result<Question> unpack_question(std::string_view bytes, const Identity& identity) {
    auto lists = TRY(wire::unpack(bytes, 4));
    auto& texts = lists[0];
    const auto& numbers = lists[1];
    const auto& probes = lists[2];
    if (texts.size() != 8 || numbers.size() != 5 || probes.size() % 3 != 0)
        return fail(Code::bad_request, "a question cut short");
    Question q;
    std::size_t at = 0;
    for (auto* text : {&q.own_folder, &q.ssh_agent, &q.cwd, &q.workspace, &q.program, &q.path, &q.home, &q.user})
        *text = std::move(texts[at++]);
    q.find_program = TRY(digits(numbers[0])) != 0;
    q.scan = TRY(digits(numbers[1])) != 0;
    q.run_uid = TRY(digits(numbers[2]));
    q.run_gid = TRY(digits(numbers[3]));
    q.identity = identity;
    q.identity.groups_dropped = TRY(digits(numbers[4]));
    for (std::size_t i = 0; i < probes.size(); i += 3)
        q.probes.push_back(TRY(read_probe(probes[i], probes[i + 1], probes[i + 2])));
    q.scan_names = std::move(lists[3]);
    return q;
}

Result<Question> read_question(const wire::Resolve& message, const wire::Blob& blob) {
    const auto& names = blob[0];
    const auto& probes = blob[1];
    const bool agent = (message.flags & wire::kResolveSshAgent) != 0;
    if (names.size() != (agent ? 7 : 6) || message.probe_count > wire::kMaxProbes ||
        probes.size() != 3 * std::size_t{message.probe_count})
        return fail(Code::bad_request, "resolve: wrong number of strings");
    Question q;
    q.resolution = message.resolution;
    q.connection = message.connection;
    q.account = message.account;
    q.find_program = (message.flags & wire::kResolveProgram) != 0;
    q.scan = (message.flags & wire::kResolveScan) != 0;
    if (q.scan) q.scan_names = TRY(read_scan_names(blob[2]));
    q.cwd = names[0];
    if ((message.flags & wire::kResolveWorkspace) != 0) q.workspace = names[1];
    q.program = names[2];
    q.path = names[3];
    q.home = names[4];
    q.user = names[5];
    if (agent) {
        q.ssh_agent = names[6];
        CHECK(check_path(q.ssh_agent, false));
    }
    CHECK(check_path(q.cwd, false));
    CHECK(check_path(q.workspace, true));
    CHECK(check_path(q.home, true));
    for (const auto* text : {&q.program, &q.path, &q.user})
        if (text->size() > kMaxPathList || text->find('\0') != std::string::npos)
            return fail(Code::bad_request, "resolve: a string");
    for (std::size_t i = 0; i < probes.size(); i += 3)
        q.probes.push_back(TRY(read_probe(probes[i], probes[i + 1], probes[i + 2])));
    return q;
}

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
