#include "sandbox/spawner_answers.hpp"

#include <charconv>
#include <cstring>

namespace owhale::sandbox {
namespace {

constexpr std::size_t kResolvedStrings = 9;

Result<std::size_t> index_of(const std::string& text, std::size_t below) {
    std::size_t value = 0;
    const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (err != std::errc{} || end != text.data() + text.size() || value >= below)
        return fail(Code::spawner_unavailable, "a probe's index is out of range");
    return value;
}

Status take_strings(Resolution& to, wire::List& strings) {
    if (strings.size() != kResolvedStrings) return fail(Code::spawner_unavailable, "resolved: wrong number of strings");
    std::string* const members[kResolvedStrings] = {&to.cwd,  &to.workspace, &to.program,    &to.program_real, &to.home,
                                                    &to.user, &to.git,       &to.git_common, &to.hashbang};
    for (std::size_t i = 0; i < kResolvedStrings; ++i) *members[i] = std::move(strings[i]);
    return {};
}

Status take_probes(Resolution& to, const wire::List& facts) {
    for (const auto& bytes : facts) {
        wire::PathFact fact;
        if (bytes.size() != sizeof fact) return fail(Code::spawner_unavailable, "resolved: a probe of the wrong size");
        std::memcpy(&fact, bytes.data(), sizeof fact);
        to.probes.push_back(fact);
    }
    return {};
}

// Why a file is not what was agreed to; "" when it is no reason of the file's.
std::string void_words(int errnum) {
    switch (errnum) {
    case ESTALE:
        return " has changed since it was approved";
    case EFBIG:
        return " is too large to be held to what was approved: 256 MiB each, 512 MiB together";
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EISDIR:
    case EXDEV:
        return " is not the file any more that was approved";
    case EACCES:
    case EPERM:
        return " cannot be read any more";
    default:
        return {};
    }
}

} // namespace

Result<Resolution> read_resolved(Packet& packet) {
    Resolution out;
    out.facts = TRY(packet.as<wire::Resolved>());
    out.number = out.facts.resolution;
    const std::size_t program = out.facts.has_program_fd != 0 ? 1 : 0;
    const std::size_t agent = out.facts.ssh_agent == 0 ? 1 : 0;
    if (packet.fds.size() != 1 + program + out.facts.read_count + agent)
        return fail(Code::spawner_unavailable, "resolved: wrong number of descriptors");
    auto blob = TRY(wire::read_blob(packet.fds[0].get(), out.facts.scan != 0 ? 4 : 3));
    if (out.facts.err != 0) return out; // it stopped at a step: there is nothing more to tell
    CHECK(take_strings(out, blob[0]));
    out.nameless = out.user == "uid" + std::to_string(out.facts.owner_uid);
    CHECK(take_probes(out, blob[1]));
    if (blob[2].size() != out.facts.read_count)
        return fail(Code::spawner_unavailable, "resolved: wrong number of reads");
    if (program != 0) out.program_fd = std::move(packet.fds[1]);
    if (agent != 0) out.ssh_agent = std::move(packet.fds.back());
    if (out.facts.scan != 0) out.scanned = std::move(blob[3]);
    for (std::size_t i = 0; i < blob[2].size(); ++i)
        out.reads.emplace_back(TRY(index_of(blob[2][i], out.probes.size())), std::move(packet.fds[1 + program + i]));
    return out;
}

Result<Reopened> read_reopened(Packet& packet) {
    const auto message = TRY(packet.as<wire::Reopened>());
    Reopened out;
    std::size_t next = 0;
    for (std::uint32_t i = 0; i < wire::kFiles; ++i) {
        out.err[i] = message.err[i];
        if ((message.have & 1u << i) == 0) continue;
        if (next == packet.fds.size()) return fail(Code::spawner_unavailable, "reopened: too few descriptors");
        out.files[i] = std::move(packet.fds[next++]);
    }
    if (next != packet.fds.size()) return fail(Code::spawner_unavailable, "reopened: too many descriptors");
    return out;
}

// What admit refused carries its code before the text: "net_host_denied: uid 7 may not …".
Error jail_error(const wire::RunFailed& failed) {
    const auto step = text_of(failed.step);
    auto detail = text_of(failed.detail);
    auto code = Code::jail_failed;
    if (const auto colon = detail.find(": "); step == "admit" && colon != std::string::npos) {
        code = code_of(detail.substr(0, colon));
        detail.erase(0, colon + 2);
        return Error{code, std::move(detail), {}, 0, step};
    }
    if (step == "approved" && failed.err == EBUSY)
        return Error{Code::busy, detail + " could not be held in place in your other runs, which could replace it",
                     "try again, or end them: owhalectl runs ls", EBUSY, step};
    if (auto words = void_words(failed.err); step == "approved" && !words.empty())
        return Error{Code::approval_void, detail + words, "look at what it is now, and ask again", failed.err, step};
    return Error{code, detail.empty() ? "the step " + step + " failed" : detail, {}, failed.err, step};
}

} // namespace owhale::sandbox
