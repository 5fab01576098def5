#include "cli/hooks.hpp"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "cli/approval_view.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostRunning = 4, kMostWaiting = 1000;
constexpr std::int64_t kMostMs = 60'000;

std::vector<std::string> environment_for(const std::string& id, const std::string& principal,
                                         const std::string& severity) {
    std::vector<std::string> all;
    for (char** one = environ; *one != nullptr; ++one)
        if (!std::string_view(*one).starts_with("OWHALE_TOKEN=")) all.emplace_back(*one);
    all.push_back("OWHALE_APPROVAL_ID=" + id);
    all.push_back("OWHALE_PRINCIPAL=" + principal);
    all.push_back("OWHALE_SEVERITY=" + severity);
    return all;
}

std::string outcome(const std::string& id, int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return "--exec for " + short_id(id) +
           (WIFEXITED(status) ? " ended with exit code " + std::to_string(WEXITSTATUS(status))
                              : " was ended by signal " + std::to_string(WTERMSIG(status)));
}

// A process group of its own, nothing on stdin, and signals as a new program expects them.
class Manner {
public:
    explicit Manner(bool quiet) {
        ::posix_spawn_file_actions_init(&files_);
        ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (quiet) {
            ::posix_spawn_file_actions_addopen(&files_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
            ::posix_spawn_file_actions_addopen(&files_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        } else {
            ::posix_spawn_file_actions_adddup2(&files_, STDERR_FILENO, STDOUT_FILENO); // stdout holds events alone
        }
        ::posix_spawnattr_init(&attributes_);
        sigset_t none{}, all{};
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(&attributes_,
                                   POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    }
    ~Manner() {
        ::posix_spawn_file_actions_destroy(&files_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    Manner(const Manner&) = delete;
    Manner& operator=(const Manner&) = delete;
    int spawn(pid_t& pid, char* const* argv, char* const* env) const {
        return ::posix_spawn(&pid, "/bin/sh", &files_, &attributes_, argv, env);
    }

private:
    posix_spawn_file_actions_t files_{};
    posix_spawnattr_t attributes_{};
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (auto& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

} // namespace

void Hooks::add(const api::Approval& approval) {
    if (command_.empty() || waiting_.size() >= kMostWaiting) return;
    waiting_.push_back({approval.id, approval.principal, approval.severity});
}

std::string Hooks::look(std::int64_t now_ms) {
    std::string trouble;
    for (auto one = running_.begin(); one != running_.end();) {
        if (now_ms - one->second.since_ms > kMostMs) ::kill(-one->first, SIGKILL);
        int status = 0;
        if (::waitpid(one->first, &status, WNOHANG) == 0) {
            ++one;
            continue;
        }
        if (auto what = outcome(one->second.id, status); !what.empty()) trouble = std::move(what);
        one = running_.erase(one);
    }
    while (!waiting_.empty() && running_.size() < kMostRunning) {
        if (auto what = start(waiting_.front(), now_ms); !what.empty()) trouble = std::move(what);
        waiting_.pop_front();
    }
    return trouble;
}

std::string Hooks::start(const Order& order, std::int64_t now_ms) {
    std::vector<std::string> words = {"sh", "-c", command_};
    auto variables = environment_for(order.id, order.principal, order.severity);
    pid_t pid = 0;
    const int error = Manner(quiet_).spawn(pid, pointers(words).data(), pointers(variables).data());
    if (error != 0) return std::string("--exec could not be started: ") + ::strerror(error);
    running_[pid] = {order.id, now_ms};
    return {};
}

} // namespace owhale::cli
