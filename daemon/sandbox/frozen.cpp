#include "sandbox/frozen.hpp"

#include <algorithm>
#include <set>

#include "audit/event.hpp"
#include "redact/redactor.hpp"
#include "sandbox/record.hpp"
#include "shared/codec.hpp"

namespace owhale::sandbox {
namespace {

// A path as text: bytes that are no UTF-8 stand behind it, so that no two paths read the same.
std::string exact(const std::string& path) {
    return codec::is_utf8(path) ? path : printable(path) + " [" + to_hex(path) + "]";
}

template <typename Use> void each_variable(const std::vector<std::string>& environment, Use use) {
    for (const auto& entry : environment) {
        const auto equals = std::min(entry.find('='), entry.size());
        use(entry.substr(0, equals), entry.substr(std::min(equals + 1, entry.size())));
    }
}

void put_command(api::Frozen& frozen, const api::RunRequest& request) {
    frozen.argv = request.argv;
    frozen.script = request.script;
    frozen.language = request.language;
    frozen.code = request.code;
    frozen.args = request.args;
}

void put_limits(api::Frozen& frozen, const Prepared& prepared, const Caller& caller) {
    const auto& limits = prepared.limits;
    // What is left of the asking run's own time shrinks while people think.
    const auto wall = caller.asker ? prepared.request.timeout_ms.value_or(0) : limits.wall_ms;
    const std::pair<const char*, std::uint64_t> rows[] = {{"memory", limits.memory},
                                                          {"pids", limits.pids},
                                                          {"cpu_milli", limits.cpu_milli},
                                                          {"io", limits.io},
                                                          {"wall_ms", wall},
                                                          {"output", limits.output},
                                                          {"file_size", limits.file_size},
                                                          {"open_files", limits.open_files}};
    for (const auto& [name, value] : rows)
        if (value != 0) frozen.limits[name] = std::to_string(value);
}

std::string text_of(const std::optional<api::NetScope>& scope) {
    return scope ? codec::to_text(*scope) : std::string();
}

void compare_texts(std::vector<std::string>& out, const std::string& before, const std::string& now, const char* what) {
    if (before != now) out.push_back(std::string(what) + " changed");
}

void compare_maps(std::vector<std::string>& out, const std::map<std::string, std::string>& before,
                  const std::map<std::string, std::string>& now) {
    for (const auto& [name, value] : before) {
        const auto found = now.find(name);
        if (found == now.end())
            out.push_back(name + " is not set any more");
        else if (found->second != value)
            out.push_back(name + " changed");
    }
    for (const auto& [name, value] : now)
        if (!before.contains(name)) out.push_back(name + " is new");
}

void compare_files(std::vector<std::string>& out, const std::vector<api::FrozenFile>& before,
                   const std::vector<api::FrozenFile>& now) {
    const auto find = [](const std::vector<api::FrozenFile>& files, const api::FrozenFile& wanted) {
        return std::ranges::find_if(
            files, [&](const auto& file) { return file.role == wanted.role && file.path == wanted.path; });
    };
    for (const auto& file : before) {
        const auto found = find(now, file);
        if (found == now.end())
            out.push_back("the " + file.role + " is not " + file.path + " any more");
        else if (found->digest != file.digest)
            out.push_back(file.path + " changed");
        else if (found->held != file.held)
            out.push_back("who can write " + file.path + " changed");
    }
    for (const auto& file : now)
        if (find(before, file) == before.end()) out.push_back("the " + file.role + " is now " + file.path);
}

} // namespace

api::Frozen freeze(const Prepared& prepared, const Caller& caller) {
    const auto& looked = prepared.looked;
    api::Frozen frozen;
    frozen.verb = prepared.verb;
    frozen.principal = caller.principal;
    frozen.uid = looked.held.resolution.facts.uid;
    put_command(frozen, prepared.request);
    frozen.cwd = exact(looked.mounts.cwd);
    frozen.workspace = exact(looked.decision.path);
    frozen.workspace_writable = looked.decision.writable;
    each_variable(prepared.plan.environment, [&](const std::string& name, const std::string& value) {
        frozen.environment[exact(name)] = sha256_hex(value);
    });
    if (prepared.profile) {
        frozen.profile = prepared.profile->name;
        frozen.profile_digest = prepared.profile->digest;
    }
    frozen.net = prepared.request.net.value_or("none");
    put_limits(frozen, prepared, caller);
    for (const auto& file : prepared.files) {
        auto copy = file;
        copy.path = exact(copy.path);
        frozen.files.push_back(std::move(copy));
    }
    frozen.policy = prepared.verdict.policy.value_or("");
    if (const auto& given = prepared.stdin_digest; !given.empty()) frozen.stdin_digest = given;
    frozen.tty = prepared.request.tty.value_or(false);
    frozen.joined = prepared.joined;
    frozen.scope = prepared.scope;
    return frozen;
}

Result<std::string> digest_of(const api::Frozen& frozen) {
    return sha256_hex(TRY(audit::canonical(codec::encode(frozen))));
}

std::vector<std::string> differences(const api::Frozen& agreed, const api::Frozen& now) {
    std::vector<std::string> out;
    compare_files(out, agreed.files, now.files);
    compare_maps(out, agreed.environment, now.environment);
    compare_texts(out, agreed.cwd, now.cwd, "the working folder");
    compare_texts(out, agreed.workspace, now.workspace, "the workspace");
    compare_texts(out, agreed.policy, now.policy, "the policy");
    compare_texts(out, agreed.profile + agreed.profile_digest, now.profile + now.profile_digest, "the profile");
    compare_texts(out, agreed.net, now.net, "the network");
    compare_texts(out, text_of(agreed.scope), text_of(now.scope), "what it may reach");
    compare_maps(out, agreed.limits, now.limits);
    if (agreed.uid != now.uid) out.emplace_back("the uid that it runs as changed");
    if (agreed.workspace_writable != now.workspace_writable)
        out.emplace_back("whether it may write the workspace changed");
    const auto before = digest_of(agreed), after = digest_of(now);
    if (out.empty() && (!before || !after || *before != *after)) out.emplace_back("the command changed");
    return out;
}

std::map<std::string, std::string> shown_environment(const std::vector<std::string>& environment,
                                                     const std::set<std::string>& hidden) {
    std::map<std::string, std::string> out;
    each_variable(environment, [&](const std::string& name, const std::string& value) {
        if (hidden.contains(name)) {
            out[printable(name)] = "[a secret of the vault]";
            return;
        }
        const auto shown = printable(redact::redacted(name + "=" + value));
        const bool named = shown.starts_with(printable(name) + "=");
        out[printable(name)] = named ? shown.substr(printable(name).size() + 1) : "[redacted]";
    });
    return out;
}

} // namespace owhale::sandbox
