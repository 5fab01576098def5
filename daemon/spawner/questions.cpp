// Questions, as the broker asks them and as a child that serves on is sent them.
#include <charconv>
#include <string_view>

#include "spawner/resolve.hpp"

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

Result<std::vector<Probe>> read_probes(const wire::List& texts) {
    std::vector<Probe> probes;
    for (std::size_t i = 0; i < texts.size(); i += 3)
        probes.push_back(TRY(read_probe(texts[i], texts[i + 1], texts[i + 2])));
    return probes;
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
    q.probes = TRY(read_probes(probes));
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
    q.probes = TRY(read_probes(probes));
    return q;
}

} // namespace owhale::spawner
