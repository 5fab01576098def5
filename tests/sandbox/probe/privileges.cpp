// What a run holds: capabilities, securebits, no_new_privs, the filter, ids and groups, limits, descriptors and environment.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <grp.h>
#include <sstream>
#include <vector>

#include "probe.hpp"

namespace owhale::probe {
namespace {

std::string status_line(const std::string& key) {
    std::ifstream status("/proc/self/status");
    std::string line;
    while (std::getline(status, line)) {
        if (line.compare(0, key.size() + 1, key + ":") == 0) {
            const auto start = line.find_first_not_of(" \t", key.size() + 1);
            return start == std::string::npos ? "" : line.substr(start);
        }
    }
    return "";
}

Outcome holds(const std::string& set) {
    const std::string value = status_line(set);
    if (value.empty()) return unclear(0, "no " + set + " in /proc/self/status");
    if (value.find_first_not_of('0') == std::string::npos) return refused(0, set + " is empty");
    return could(set + " is " + value);
}

Outcome without_filter() {
    const std::string mode = status_line("Seccomp");
    return mode == "2" ? refused(0, "Seccomp: 2") : could("Seccomp: " + mode);
}

Outcome may_gain() {
    const int set = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    return set == 1 ? refused(0, "no_new_privs is 1") : could("no_new_privs is " + std::to_string(set));
}

Outcome securebits_open() {
    constexpr int kNoRootLocked = 0x3;
    constexpr int kNoAmbientRaiseLocked = 0xc0;
    const int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
    const bool closed =
        (bits & kNoRootLocked) == kNoRootLocked && (bits & kNoAmbientRaiseLocked) == kNoAmbientRaiseLocked;
    std::ostringstream text;
    text << "securebits 0x" << std::hex << bits;
    return closed ? refused(0, text.str()) : could(text.str());
}

// Runs a program that prints its effective uid and effective capabilities, and reads what it got.
Outcome gain_by(const std::string& program) {
    int ends[2];
    if (pipe(ends) == -1) return unclear(errno, "no pipe");
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(program.c_str(), program.c_str(), nullptr);
        _exit(errno == ENOENT || errno == EACCES ? 117 : 118);
    }
    close(ends[1]);
    char text[128] = {};
    const ssize_t length = read(ends[0], text, sizeof text - 1);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 117) return refused(ENOENT, "not there to run");
    if (length <= 0) return unclear(0, program + " said nothing");
    std::string said(text, static_cast<std::size_t>(length));
    while (!said.empty() && said.back() == '\n') said.pop_back();
    const std::string plain = std::to_string(getuid()) + " 0000000000000000";
    return said == plain ? refused(0, "gained nothing: " + said) : could("gained: " + said);
}

Outcome become_root(long call) {
    const long result = call == SYS_setresuid ? syscall(call, 0, 0, 0) : syscall(call, 0);
    return judge_use(result, "become uid 0");
}

Outcome take_groups() {
    const gid_t groups[] = {0, 6};
    return judge_use(setgroups(2, groups), "setgroups");
}

Outcome is_uid_zero() {
    return geteuid() == 0 || getuid() == 0 ? could("uid 0") : refused(0, "uid " + std::to_string(getuid()));
}

// ARG: a group's number that the user holds outside. Unmapped ones read as 65534, and still count: so these are refused too.
Outcome holds_group(const std::string& number) {
    std::vector<gid_t> groups(65536);
    const int count = getgroups(static_cast<int>(groups.size()), groups.data());
    for (int index = 0; index < count; ++index) {
        const gid_t group = groups[static_cast<std::size_t>(index)];
        if (std::to_string(group) == number || group == 65534) return could("holds group " + std::to_string(group));
    }
    return refused(0, "does not hold group " + number);
}

Outcome holds_kept_group(const std::string& file) {
    return judge_use(open(file.c_str(), O_RDONLY | O_CLOEXEC), "open a file of an ordinary group of the user's");
}

Outcome more_than_stdio() {
    if (inherited_descriptors.empty()) return refused(0, "only 0, 1 and 2 are open");
    std::string text;
    for (const int descriptor : inherited_descriptors) text += " " + std::to_string(descriptor);
    return could("descriptors open at start:" + text);
}

Outcome raise_limit(__rlimit_resource resource, const char* name) {
    rlimit now{};
    if (getrlimit(resource, &now) == -1) return unclear(errno, "getrlimit");
    if (now.rlim_max == RLIM_INFINITY) return could(std::string(name) + " has no hard limit");
    rlimit more{now.rlim_cur, now.rlim_max + 1};
    return judge_use(setrlimit(resource, &more), std::string("raise ") + name);
}

Outcome unlimited(__rlimit_resource resource, const char* name) {
    rlimit now{};
    if (getrlimit(resource, &now) == -1) return unclear(errno, "getrlimit");
    if (now.rlim_max == RLIM_INFINITY) return could(std::string(name) + " is unlimited");
    return refused(0, std::string(name) + " is " + std::to_string(now.rlim_max));
}

Outcome environment_has(const std::string& name) {
    return getenv(name.c_str()) != nullptr ? could(name + " is set") : refused(0, name + " is not set");
}

Outcome write_own(const char* path, const char* text) {
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file == -1) return judge_use(-1, std::string("open ") + path);
    return judge_use(write(file, text, std::strlen(text)), std::string("write ") + path);
}

} // namespace

void add_privileges(Probes& probes) {
    const auto root = [&](const std::string& name, auto attempt) {
        probes.push_back(ask_root(name, [attempt](const std::string&) { return attempt(); }));
    };
    const auto user = [&](const std::string& name, auto attempt) {
        probes.push_back(ask_user(name, [attempt](const std::string&) { return attempt(); }));
    };
    root("capabilities-permitted", [] { return holds("CapPrm"); });
    root("capabilities-effective", [] { return holds("CapEff"); });
    user("capabilities-bounding", [] { return holds("CapBnd"); });
    root("capabilities-inheritable", [] { return holds("CapInh"); });
    probes.back().control = Control::ambient;
    root("capabilities-ambient", [] { return holds("CapAmb"); });
    probes.back().control = Control::ambient;
    user("no-seccomp-filter", without_filter);
    user("may-gain-privileges", may_gain);
    user("securebits-open", securebits_open);
    root("uid-zero", is_uid_zero);
    root("setuid-root", [] { return become_root(SYS_setuid); });
    root("setresuid-root", [] { return become_root(SYS_setresuid); });
    root("setgid-root", [] { return become_root(SYS_setgid); });
    root("setgroups", take_groups);
    probes.push_back(with_argument(ask_user("setuid-program", gain_by), "setuid-program"));
    probes.push_back(with_argument(ask_user("capable-program", gain_by), "capable-program"));
    probes.push_back(with_argument(ask_user("root-like-group", holds_group), "root-like-gid"));
    probes.push_back(permitted(with_argument(ask_user("ordinary-group", holds_kept_group), "ordinary-group-file")));
    probes.push_back(run_alone(with_argument(
        ask_user("inherited-descriptors", [](const std::string&) { return more_than_stdio(); }), "open-descriptor")));
    probes.push_back(run_alone(with_argument(ask_user("inherited-environment", environment_has), "environment-name")));
    user("core-dumps", [] { return unlimited(RLIMIT_CORE, "RLIMIT_CORE"); });
    root("raise-open-files", [] { return raise_limit(RLIMIT_NOFILE, "RLIMIT_NOFILE"); });
    probes.back().config = "CAP_SYS_RESOURCE";
    root("raise-locked-memory", [] { return raise_limit(RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK"); });
    probes.back().config = "CAP_SYS_RESOURCE";
    root("write-setgroups", [] { return write_own("/proc/self/setgroups", "allow"); });
}

} // namespace owhale::probe
