#include "supervisor.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "accounts_dir.hpp"
#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "handed_sockets.hpp"
#include "heads_dir.hpp"
#include "listener.hpp"
#include "notify.hpp"
#include "run_cgroup.hpp"
#include "vault/given_key.hpp"
#include "vault_passphrase.hpp"

namespace owhale {
namespace {

constexpr int kFirstBackoffMs = 100, kLastBackoffMs = 10'000;
constexpr std::int64_t kHealthyNs = 60'000'000'000; // so long a life takes the backoff back
constexpr int kStopMarginMs = 5'000;                // beyond the runs' own grace

struct Process {
    Fd pidfd;
    pid_t pid = -1;

    void kill(int signal) const {
        if (pidfd) ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
    }
    // The exit code, 128+n for a signal. Waits.
    int reap() {
        siginfo_t info{};
        if (!pidfd || ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED) != 0) return 1;
        pidfd.reset();
        return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    }
};

void inherit(int fd) {
    ::fcntl(fd, F_SETFD, 0);
}

// fork and exec of an open file. The child dies with us, keeps the descriptors named, and starts with no signal blocked.
Result<Process> start(int program, std::vector<std::string> arguments, char* const* environment,
                      std::initializer_list<int> fds) {
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return fail_errno("fork");
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (::getppid() != parent) ::_exit(1);
        ::setpgid(0, 0); // Ctrl-C in owhaled's terminal is the supervisor's to handle
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        for (const int fd : fds) inherit(fd);
        ::execveat(program, "", argv.data(), environment, AT_EMPTY_PATH);
        ::_exit(127);
    }
    Process process{Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))), pid};
    if (!process.pidfd) return fail_errno("pidfd_open");
    return process;
}

std::string canonical(const std::string& path) {
    std::error_code error;
    const auto real = std::filesystem::weakly_canonical(path, error);
    return error ? path : real.string();
}

std::string folder_of(const std::string& path) {
    return std::filesystem::path(path).parent_path();
}

class Supervisor {
public:
    explicit Supervisor(const config::Settings& settings) : settings_(settings), cgroup_(settings.rootless) {}
    int run();

private:
    Status prepare();
    Status start_both();
    int wait_for_end();
    void end_both();
    void stop();
    bool pause(int milliseconds);
    Status listen();
    Status open_tcp();
    void unlisten();
    std::vector<std::string> spawner_arguments(int channel) const;

    const config::Settings& settings_;
    RunCgroup cgroup_;
    const Notify notify_ = Notify::open();
    // As they were when we started: what an upgrade puts in their places waits for our own restart.
    Fd broker_program_, spawner_program_;
    Fd listener_, tcp_listener_, signals_;
    bool made_socket_ = false; // else its file is the service manager's
    Process spawner_, broker_;
    SecretBytes passphrase_; // of the vault; each broker needs it
    bool stopping_ = false;
};

Status Supervisor::prepare() {
    auto handed = TRY(take_handed_sockets(settings_)); // while their numbers mean them
    listener_ = std::move(handed.local);
    tcp_listener_ = std::move(handed.tcp);
    // Before signals wait for our loop: Ctrl-C at this question ends us.
    if (vault::asks_passphrase(settings_)) {
        ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        passphrase_ = ask_passphrase();
    }
    // Signals become readable before the first child: none is lost.
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) return fail_errno("signalfd");
    if (::access(settings_.spawner.c_str(), X_OK) != 0)
        return fail(Code::config_invalid, "the spawner is not there: " + settings_.spawner,
                    "install owhale-spawner, or name it with --spawner");
    spawner_program_.reset(::open(settings_.spawner.c_str(), O_PATH | O_CLOEXEC));
    if (!spawner_program_) return fail_errno("open " + settings_.spawner);
    broker_program_.reset(::open("/proc/self/exe", O_PATH | O_CLOEXEC));
    if (!broker_program_) return fail_errno("open /proc/self/exe");
    CHECK(ensure_private_dir(settings_.runtime_dir, settings_.rootless ? 0700 : 0755));
    if (!settings_.rootless) CHECK(ensure_accounts_dir(settings_));
    CHECK(ensure_heads_dir(settings_));
    return listen();
}

Status Supervisor::listen() {
    CHECK(open_tcp());
    if (listener_) return {};
    listener_ = TRY(listen_on(settings_.socket, settings_.rootless));
    made_socket_ = true;
    return {};
}

// One that the service manager made stays where it is, and so do those who wait in its queue.
void Supervisor::unlisten() {
    if (made_socket_) ::unlink(settings_.socket.c_str());
}

// A port that nobody chose is worth no failed start.
Status Supervisor::open_tcp() {
    if (tcp_listener_ || settings_.tcp == "off") return {};
    auto listener = listen_on_tcp(settings_.tcp);
    if (listener) {
        tcp_listener_ = std::move(*listener);
        return {};
    }
    const auto row = std::ranges::find(settings_.rows, "tcp", &config::Row::key);
    const bool chosen = row == settings_.rows.end() || row->source != "default";
    if (chosen || listener.error().code != Code::conflict) return std::unexpected(listener.error());
    log::warning("owhaled serves without TCP: " + to_line(listener.error()));
    return {};
}

std::vector<std::string> Supervisor::spawner_arguments(int channel) const {
    std::vector<std::string> arguments = {
        settings_.spawner,
        "--channel=" + std::to_string(channel),
        "--listener=" + std::to_string(listener_.get()),
        "--scratch=" + canonical(settings_.runtime_dir) + "/scratch",
        "--box-idle=" + std::to_string(settings_.box_idle.count() / 1000),
        "--heads=" + settings_.audit_heads,
    };
    if (tcp_listener_) arguments.push_back("--tcp-listener=" + std::to_string(tcp_listener_.get()));
    if (!settings_.rootless) arguments.push_back("--accounts=" + canonical(settings_.accounts_dir));
    if (!settings_.tls_cert.empty()) arguments.push_back("--file=tls-cert:" + settings_.tls_cert);
    if (!settings_.tls_key.empty()) arguments.push_back("--file=tls-key:" + settings_.tls_key);
    arguments.push_back("--file=policy:" + settings_.policy_dir);
    if (!cgroup_.path().empty()) arguments.push_back("--cgroup=" + cgroup_.path());
    if (!settings_.spawner_config.empty()) arguments.push_back("--config=" + settings_.spawner_config);
    if (settings_.rootless) arguments.push_back("--rootless");
    // No cage shows owhaled's own: its state, its sockets, its configuration, the log's heads.
    for (const auto& path :
         {settings_.state_dir, settings_.runtime_dir, settings_.socket, settings_.policy_dir, settings_.vault_key_file,
          settings_.vault_key_file + ".new", folder_of(settings_.audit_heads)})
        arguments.push_back("--forbid=" + canonical(path));
    for (const auto& file : {settings_.spawner_config, settings_.config_file})
        if (!file.empty() && folder_of(file).ends_with("/owhaled"))
            arguments.push_back("--forbid=" + canonical(folder_of(file)));
    return arguments;
}

Status Supervisor::start_both() {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return fail_errno("socketpair");
    const Fd spawner_end(pair[0]), broker_end(pair[1]);
    // The spawner gets no environment but what its tests need: nothing in it shall steer what runs with privilege.
    std::vector<char*> bare;
    for (char** entry = environ; *entry != nullptr; ++entry)
        for (const char* name : {"OWHALE_FAIL_STEP=", "OWHALE_POOL="})
            if (std::string_view(*entry).starts_with(name)) bare.push_back(*entry);
    bare.push_back(nullptr);
    spawner_ = TRY(start(spawner_program_.get(), spawner_arguments(spawner_end.get()), bare.data(),
                         {spawner_end.get(), listener_.get(), tcp_listener_.get()}));
    auto arguments = settings_.arguments;
    arguments[0] = "/proc/self/exe";
    arguments.insert(arguments.end(), {"--role", "broker"});
    ::setenv("OWHALE_CHANNEL", std::to_string(broker_end.get()).c_str(), 1);
    const auto passphrase = pipe_passphrase(passphrase_);
    if (passphrase) ::setenv("OWHALE_VAULT_PASSPHRASE", std::to_string(passphrase.get()).c_str(), 1);
    auto broker = start(broker_program_.get(), std::move(arguments), environ, {broker_end.get(), passphrase.get()});
    if (!broker) {
        end_both();
        return std::unexpected(broker.error());
    }
    broker_ = std::move(*broker);
    if (notify_.watchdog().count() != 0) notify_.alive(); // theirs comes when they have begun
    return {};
}

void Supervisor::end_both() {
    spawner_.kill(SIGKILL); // its runs' wardens die with it
    broker_.kill(SIGKILL);
    spawner_.reap();
    broker_.reap();
    cgroup_.kill_all();
}

// Sleeps, unless told to stop meanwhile.
bool Supervisor::pause(int milliseconds) {
    pollfd wake{signals_.get(), POLLIN, 0};
    ::poll(&wake, 1, milliseconds);
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP)
            broker_.kill(SIGHUP);
        else
            stopping_ = true;
    }
    return stopping_;
}

void Supervisor::stop() {
    broker_.kill(SIGTERM);
    pollfd end{broker_.pidfd.get(), POLLIN, 0};
    const auto patience = std::min<std::int64_t>(settings_.kill_grace.count() + kStopMarginMs, INT_MAX);
    ::poll(&end, 1, static_cast<int>(patience));
    end_both();
}

// Until either goes or a signal says stop; the broker's exit code if it went by itself, else -1.
int Supervisor::wait_for_end() {
    for (;;) {
        std::array<pollfd, 3> wake{pollfd{signals_.get(), POLLIN, 0}, pollfd{spawner_.pidfd.get(), POLLIN, 0},
                                   pollfd{broker_.pidfd.get(), POLLIN, 0}};
        ::poll(wake.data(), wake.size(), -1);
        if (wake[0].revents != 0 && pause(0)) {
            stop();
            return 0;
        }
        if (wake[2].revents != 0) {
            const int code = broker_.reap();
            end_both();
            return code;
        }
        if (wake[1].revents != 0) {
            // The broker ends by itself when its channel does, and says why; a moment is enough.
            pollfd end{broker_.pidfd.get(), POLLIN, 0};
            ::poll(&end, 1, 1000);
            const bool ended = end.revents != 0;
            const int code = ended ? broker_.reap() : -1;
            end_both();
            return code;
        }
    }
}

int Supervisor::run() {
    if (auto ready = prepare(); !ready) {
        log::error(to_line(ready.error()));
        return 1;
    }
    int backoff = kFirstBackoffMs;
    for (bool first = true; !stopping_; first = false) {
        const auto began = monotonic_ns();
        if (auto started = start_both(); !started) {
            log::error(to_line(started.error()));
            return 1;
        }
        const int code = wait_for_end();
        if (stopping_) break;
        const auto lived = monotonic_ns() - began;
        // A start that fails at once fails again: let whoever started us see it. 3 is a spawner that went later.
        constexpr std::int64_t kStartNs = 3'000'000'000;
        if (first && lived < kStartNs && code > 0 && code < 128 && code != 3) {
            unlisten();
            return code;
        }
        if (lived > kHealthyNs) backoff = kFirstBackoffMs;
        log::warning("broker or spawner ended; every run is ended, both start again",
                     {{"code", std::to_string(code)}, {"after_ms", std::to_string(backoff)}});
        pause(backoff);
        backoff = std::min(2 * backoff, kLastBackoffMs);
    }
    unlisten();
    return 0;
}

} // namespace

int supervise(const config::Settings& settings) {
    Supervisor supervisor(settings);
    return supervisor.run();
}

} // namespace owhale
