#include "stage.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace owhale::escapes {
namespace {

int passed = 0, failed = 0;

std::string text_of(const char* field, std::size_t size) {
    return {field, strnlen(field, size)};
}

} // namespace

bool verbose = false;

void check(const std::string& name, bool good, const std::string& detail) {
    ++(good ? passed : failed);
    if (!good || verbose) std::printf("%-5s escapes: %s  %s\n", good ? "ok" : "FAIL", name.c_str(), detail.c_str());
    std::fflush(stdout);
}

int finish() {
    std::printf("escapes: %d passed, %d failed, 0 skipped\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

std::string Answer::text() const {
    static const char* const kWords[] = {"the command was started", "refused", "the spawner ended", "no answer"};
    std::string said = kWords[static_cast<int>(end)];
    if (end == End::refused) said += " at '" + step + "' (" + std::to_string(err) + "): " + detail;
    return said;
}

Stage::Stage(const Place& place, const std::string& config, const std::vector<std::string>& more)
    : workspace_(place.folder + "/ws"), caller_(place.rootless ? getuid() : kCaller) {
    mkdir(workspace_.c_str(), 0755);
    if (!place.rootless && chown(workspace_.c_str(), caller_, caller_) != 0) std::perror("chown");
    unlink(marker().c_str());
    spawner_ = std::make_unique<Spawner>(place, config, more);
}

bool Stage::marked() const {
    return access(marker().c_str(), F_OK) == 0;
}

std::optional<wire::Resolved> Stage::resolve(std::uint64_t connection, const std::string& user,
                                             const std::vector<std::string>& probes) {
    return resolve_in(connection, workspace_, 0, user, probes);
}

std::optional<wire::Resolved> Stage::resolve_in(std::uint64_t connection, const std::string& folder,
                                                std::uint32_t account, const std::string& user,
                                                const std::vector<std::string>& probes) {
    auto ask = message<wire::Resolve>(wire::Type::resolve);
    ask.resolution = ++resolution_;
    ask.connection = connection;
    ask.account = account;
    ask.flags = wire::kResolveWorkspace | wire::kResolveProgram;
    ask.probe_count = static_cast<std::uint32_t>(probes.size() / 3);
    const auto blob = wire::write_blob({{folder, folder, "/bin/sh", "/usr/bin:/bin", "", user}, probes});
    if (!blob || !spawner_->send(ask, {blob->get()})) return {};
    const auto reply = spawner_->await({wire::Type::resolved});
    if (!reply) return {};
    return reply->as<wire::Resolved>();
}

void set_script(Draft& draft, const std::string& script) {
    draft.blob[1] = {"sh", "-c", script};
}

void add_mount(Draft& draft, wire::MountKind kind, unsigned flags, const std::string& source,
               const std::string& target) {
    auto& list = draft.blob[3];
    list.insert(list.end(), {std::to_string(static_cast<unsigned>(kind)), std::to_string(flags), source, target});
    ++draft.run.mount_count;
}

Draft Stage::draft(std::uint64_t resolution) {
    Draft draft;
    draft.run = message<wire::Run>(wire::Type::run);
    draft.run.resolution = resolution;
    draft.run.run = ++run_;
    std::memcpy(draft.run.id, &draft.run.run, sizeof draft.run.run);
    std::snprintf(draft.run.filter, sizeof draft.run.filter, "default");
    draft.blob[0] = {"/bin/sh", workspace_, "cage"};
    draft.blob[2] = {"PATH=/usr/bin:/bin"};
    set_script(draft, "id -u > " + marker());
    add_mount(draft, wire::MountKind::resolved, wire::kMountWritable, "workspace", workspace_);
    return draft;
}

Draft Stage::ready_draft() {
    const auto connection = connect();
    resolve(connection);
    return draft(resolution_);
}

Answer Stage::launch(const Draft& draft) {
    const auto blob = wire::write_blob(draft.blob);
    if (!blob) return {End::silence, 0, "", "cannot write the blob: " + blob.error().message};
    return launch_raw(draft.run, {blob->get()});
}

Answer Stage::launch_raw(const wire::Run& run, const std::vector<int>& fds) {
    spawner_->send(run, fds);
    return await_answer();
}

Answer Stage::await_answer() {
    const auto reply = spawner_->await({wire::Type::run_started, wire::Type::run_failed});
    if (!reply) return {spawner_->ended(2000) ? End::spawner_ended : End::silence, 0, "", ""};
    if (reply->type == wire::Type::run_started) return {End::started, 0, "", ""};
    const auto why = reply->as<wire::RunFailed>();
    return {End::refused, why.err, text_of(why.step, sizeof why.step), text_of(why.detail, sizeof why.detail)};
}

std::optional<wire::RunEnded> Stage::await_end(std::uint64_t run) {
    for (;;) {
        const auto reply = spawner_->await({wire::Type::run_ended});
        if (!reply) return {};
        const auto ended = reply->as<wire::RunEnded>();
        if (run == 0 || ended.run == run) return ended;
    }
}

Fd memfd_of(const std::string& bytes, bool sealed) {
    Fd file(memfd_create("blob", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::perror("memfd");
    if (sealed) fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return file;
}

} // namespace owhale::escapes
