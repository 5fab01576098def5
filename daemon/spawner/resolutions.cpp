#include "spawner/resolutions.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <sys/wait.h>

#include "base/clock.hpp"
#include "spawner/processes.hpp"
#include "spawner/rights.hpp"

namespace owhale::spawner {
namespace {

constexpr std::int64_t kResolutionTtlNs = 60'000'000'000;
constexpr std::size_t kMaxResolving = 64;
constexpr std::ptrdiff_t kMaxEndingPerUid = 32;
constexpr std::size_t kMaxResolutions = 4096;

} // namespace

Status Resolutions::refuse(const wire::Resolve& message, const char* step, int err) {
    auto facts = make<wire::Resolved>(wire::Type::resolved);
    facts.ssh_agent = -1;
    facts.resolution = message.resolution;
    facts.err = err;
    copy_text(facts.step, sizeof facts.step, step);
    facts.scan = (message.flags & wire::kResolveScan) != 0 ? 1 : 0;
    const auto blob = TRY(wire::write_blob(wire::Blob(facts.scan != 0 ? 4 : 3)));
    const std::array<int, 1> fds{blob.get()};
    return loop_.send(facts, fds);
}

Status Resolutions::on_resolve(Packet& packet) {
    const auto message = TRY(packet.as<wire::Resolve>(1));
    const bool scan = (message.flags & wire::kResolveScan) != 0;
    const auto blob = TRY(wire::read_blob(packet.fds[0].get(), scan ? 3 : 2));
    auto question = TRY(read_question(message, blob));
    if (!fits_a_tag(message.resolution) || resolving_.contains(message.resolution) ||
        resolutions_.contains(message.resolution))
        return violation("a resolution's number is used twice or too large");
    if (resolving_.size() >= kMaxResolving || resolutions_.size() >= kMaxResolutions)
        return refuse(message, "child", EAGAIN);
    if (const auto set = set_rights(question, connections_, options_); !set)
        return refuse(message, set.error().message.c_str(), set.error().errnum);
    if (std::ranges::count(ending_, question.identity.uid, &Ending::uid) >= kMaxEndingPerUid)
        return refuse(message, "child", EAGAIN); // they hang in a mount that does not answer
    if (const auto run = question.parent; run != 0) {
        question.sees = [this, run](const std::string& path) { return seen_by(run, path); };
        question.names = [this, run](const std::string& path) { return named_by(run, path); };
    }
    auto child = ask(std::move(question));
    if (!child) return refuse(message, "child", child.error().errnum);
    CHECK(loop_.watch(child->socket.get(), Source::resolve, message.resolution, EPOLLIN));
    resolving_.emplace(message.resolution, std::move(*child));
    return {};
}

Result<Child> Resolutions::ask(Question question) {
    if (auto kept = kept_.ask(question)) return std::move(*kept);
    return start_resolve(std::move(question));
}

// For the next question of its identity, or for good.
void Resolutions::let_go(Child& child) {
    loop_.unwatch(child.socket.get());
    if (child.serves_on) {
        kept_.add(std::move(child), monotonic_ns());
        return;
    }
    send_signal(child.pidfd.get(), SIGKILL);
    ending_.push_back({std::move(child.pidfd), child.question.identity.uid});
}

Status Resolutions::send_answer(Answer& answer) {
    std::vector<int> fds{answer.blob.get()};
    for (const auto& fd : answer.for_broker) fds.push_back(fd.get());
    return loop_.send(answer.facts, fds);
}

// A run asks with its uid's rights, which may open more than it sees: the broker gets nothing of that. The step that leads
// there, or null. "/" stands for no folder at all.
const char* Resolutions::outside_of_asker(Answer& answer) const {
    const auto& resolution = answer.resolution;
    if (resolution.parent == 0 || answer.facts.err != 0) return nullptr;
    const auto outside = [&](const std::string& path) { return path != "/" && !seen_by(resolution.parent, path); };
    if (outside(resolution.cwd_path)) return "cwd";
    if (outside(resolution.workspace_path)) return "workspace";
    if (answer.facts.has_program_fd != 0 && outside(resolution.program_path)) {
        answer.facts.has_program_fd = 0;
        answer.for_broker.erase(answer.for_broker.begin());
    }
    return nullptr;
}

Status Resolutions::answered(std::uint64_t number) {
    const auto at = resolving_.find(number);
    if (at == resolving_.end()) return {};
    auto child = std::move(at->second);
    resolving_.erase(at);
    auto answer = finish_resolve(child);
    const bool late = monotonic_ns() >= child.deadline_ns;
    const auto uid = child.question.identity.uid;
    wire::Resolve message{};
    message.resolution = number;
    message.flags = child.question.scan ? wire::kResolveScan : 0u;
    let_go(child);
    if (!answer) return refuse(message, late ? "deadline" : "child", late ? ETIMEDOUT : EIO);
    if (const auto* step = outside_of_asker(*answer)) return refuse(message, step, EACCES);
    answer->facts.net_host = may_use_host_network(options_, uid) ? 1 : 0;
    CHECK(send_answer(*answer));
    if (answer->facts.err == 0) resolutions_.emplace(number, std::move(answer->resolution));
    return {};
}

Status Resolutions::on_drop(Packet& packet) {
    resolutions_.erase(TRY(packet.as<wire::DropResolution>(0)).resolution);
    return {};
}

Result<Resolution> Resolutions::take(std::uint64_t number) {
    const auto found = resolutions_.find(number);
    if (found == resolutions_.end()) return fail(Code::forbidden, "the run refers to nothing that was resolved");
    auto resolution = std::move(found->second);
    resolutions_.erase(found);
    return resolution;
}

Status Resolutions::tick(std::int64_t now) {
    // Answered without waiting for the child's end, which a FUSE server that took a request can put off for ever.
    std::vector<std::uint64_t> late;
    for (const auto& [number, child] : resolving_)
        if (now >= child.deadline_ns) late.push_back(number);
    for (const auto number : late) CHECK(answered(number));
    std::erase_if(ending_, [](const Ending& child) {
        siginfo_t info{};
        return ::waitid(P_PIDFD, static_cast<id_t>(child.pidfd.get()), &info, WEXITED | WNOHANG) != 0 ||
               info.si_pid != 0;
    });
    return {};
}

void Resolutions::expire(std::int64_t now) {
    kept_.expire(now, [this](Child& child) { let_go(child); });
    std::erase_if(resolutions_, [now](const auto& entry) { return now - entry.second.answered_ns > kResolutionTtlNs; });
}

std::int64_t Resolutions::next_deadline(std::int64_t latest) const {
    for (const auto& [number, child] : resolving_) latest = std::min(latest, child.deadline_ns);
    return latest;
}

void Resolutions::end_all() {
    for (auto& [number, child] : resolving_) send_signal(child.pidfd.get(), SIGKILL);
    kept_.end_all();
}

} // namespace owhale::spawner
