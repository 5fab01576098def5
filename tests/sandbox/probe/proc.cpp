// /proc: the host's processes, the warden (pid 1 of the run), the kernel's own files, and the program's own exe.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "probe.hpp"

namespace owhale::probe {
namespace {

Outcome open_at(const std::string& path, int flags) {
    return judge_use(open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK), "open " + path);
}

Outcome follow(const std::string& path) {
    char text[512];
    return judge_use(readlink(path.c_str(), text, sizeof text), "readlink " + path);
}

Outcome read_some(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file == -1) return judge_use(-1, "open " + path);
    char text[64];
    const ssize_t length = read(file, text, sizeof text);
    if (length == 0) return refused(0, path + " is empty");
    return judge_use(length, "read " + path);
}

Outcome list_folder(const std::string& path) {
    DIR* folder = opendir(path.c_str());
    if (folder == nullptr) return judge_use(-1, "list " + path);
    int entries = 0;
    errno = 0;
    while (readdir(folder) != nullptr) ++entries;
    const int error = errno;
    closedir(folder);
    if (error != 0) return refused(error, "list " + path);
    return entries > 2 ? could("listed " + path) : refused(0, path + " shows nothing");
}

Outcome foreign_process(const std::string& pid) {
    struct stat about{};
    return judge_use(stat(("/proc/" + pid).c_str(), &about), "see /proc/" + pid);
}

// ARG is a marker in the command line of a host process.
Outcome find_command(const std::string& marker) {
    DIR* folder = opendir("/proc");
    if (folder == nullptr) return judge_use(-1, "list /proc");
    std::string found;
    while (const dirent* entry = readdir(folder)) {
        if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) == 0 ||
            std::to_string(getpid()) == entry->d_name)
            continue;
        std::ifstream file(std::string("/proc/") + entry->d_name + "/cmdline");
        std::string line;
        std::getline(file, line);
        if (line.find(marker) != std::string::npos && line.find("probe") == std::string::npos) found = entry->d_name;
    }
    closedir(folder);
    if (!found.empty()) return could("sees the host's process as " + found);
    return refused(0, "no host process seen");
}

// Another process may not be made to run at the host's will, nor this one's program be changed under it.
Outcome rewrite_own_program() {
    const int file = open("/proc/self/exe", O_WRONLY | O_CLOEXEC);
    if (file == -1 && errno == ETXTBSY) return could("only busy, not refused: /proc/self/exe");
    return judge_use(file, "open /proc/self/exe for writing");
}

Outcome replace_own_program(const std::string& path) {
    const std::string other = path + ".moved";
    if (rename(path.c_str(), other.c_str()) == -1) return judge_use(-1, "rename " + path);
    if (rename(other.c_str(), path.c_str()) == -1) return unclear(errno, "cannot rename it back");
    return could("renamed " + path);
}

Outcome raise_own_oom_score() {
    const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file == -1) return judge_use(-1, "open oom_score_adj");
    return judge_use(write(file, "-1000", 5), "make itself unkillable");
}

// The file may be read by everyone; who may not know addresses reads zeros.
Outcome kernel_addresses(const std::string& path) {
    std::ifstream table(path);
    std::string line;
    if (!table) return refused(errno, "cannot open " + path);
    while (std::getline(table, line)) {
        const std::string address = line.substr(0, line.find(' ', line.find_first_not_of(' ')));
        if (address.find_first_not_of(" 0-") != std::string::npos) return could("a real address: " + line);
    }
    return refused(0, "only zeros in " + path);
}

void add_init(Probes& probes) {
    for (const char* name : {"mem", "maps", "environ", "auxv", "stack", "syscall", "io", "pagemap", "smaps",
                             "personality", "patch_state"}) {
        const std::string path = std::string("/proc/1/") + name;
        probes.push_back(ask_own_init("open" + path, [path](const std::string&) { return read_some(path); }));
        if (path == "/proc/1/mem" || path == "/proc/1/pagemap")
            probes.back().attempt = [path](const std::string&) { return open_at(path, O_RDONLY); };
        if (path == "/proc/1/stack") probes.back().config = "CONFIG_STACKTRACE";
        if (path == "/proc/1/patch_state") probes.back().config = "CONFIG_LIVEPATCH";
    }
    probes.push_back(
        ask_own_init("write/proc/1/mem", [](const std::string&) { return open_at("/proc/1/mem", O_RDWR); }));
    for (const char* name : {"root", "cwd", "exe"}) {
        const std::string path = std::string("/proc/1/") + name;
        probes.push_back(ask_own_init("follow" + path, [path](const std::string&) { return follow(path); }));
        probes.push_back(ask_own_init("open" + path, [path](const std::string&) { return open_at(path, O_RDONLY); }));
    }
    for (const char* name : {"fd", "map_files", "fdinfo"}) {
        const std::string path = std::string("/proc/1/") + name;
        probes.push_back(ask_own_init("list" + path, [path](const std::string&) { return list_folder(path); }));
    }
}

void add_kernel(Probes& probes) {
    constexpr Place kWritten[] = {{"/proc/sys/kernel/core_pattern"},
                                  {"/proc/sys/kernel/hostname"},
                                  {"/proc/sys/kernel/modprobe", "CONFIG_MODULES"},
                                  {"/proc/sys/kernel/poweroff_cmd"},
                                  {"/proc/sys/kernel/ns_last_pid", "CONFIG_CHECKPOINT_RESTORE"},
                                  {"/proc/sys/kernel/shmmax"},
                                  {"/proc/sys/vm/overcommit_memory"},
                                  {"/proc/sys/vm/drop_caches"},
                                  {"/proc/sys/net/ipv4/ip_forward"},
                                  {"/proc/sys/fs/file-max"},
                                  {"/proc/sys/user/max_user_namespaces", "CAP_SYS_RESOURCE"},
                                  {"/proc/sysrq-trigger", "CONFIG_MAGIC_SYSRQ"},
                                  {"/proc/mtrr", "CONFIG_MTRR"},
                                  {"/proc/irq/default_smp_affinity"},
                                  {"/sys/kernel/mm/transparent_hugepage/enabled", "CONFIG_TRANSPARENT_HUGEPAGE"},
                                  {"/sys/power/state", "CONFIG_PM"},
                                  {"/sys/fs/cgroup/cgroup.procs", "cgroup2 at /sys/fs/cgroup"},
                                  {"/sys/fs/cgroup/unified/cgroup.procs", "cgroup2 at /sys/fs/cgroup/unified"},
                                  {"/sys/fs/cgroup/memory/cgroup.procs", "a cgroup v1 memory controller"},
                                  {"/sys/fs/cgroup/devices/devices.deny", "a cgroup v1 devices controller"}};
    for (const Place& place : kWritten) {
        const std::string path = place.path;
        probes.push_back(with_config(
            ask_root("write" + path, [path](const std::string&) { return open_at(path, O_WRONLY); }), place.config));
    }
    constexpr Place kRead[] = {{"/proc/keys", "CONFIG_KEYS"},
                               {"/proc/timer_list"},
                               {"/proc/slabinfo", "CONFIG_SLUB"},
                               {"/proc/vmallocinfo"},
                               {"/proc/kpagecount", "CONFIG_PROC_PAGE_MONITOR"},
                               {"/proc/latency_stats", "CONFIG_LATENCYTOP"}};
    for (const Place& place : kRead) {
        const std::string path = place.path;
        probes.push_back(
            with_config(ask_root("read" + path, [path](const std::string&) { return read_some(path); }), place.config));
    }
    for (const char* path : {"/proc/kallsyms", "/proc/iomem"})
        probes.push_back(ask_root(std::string("addresses-in") + path,
                                  [path](const std::string&) { return kernel_addresses(path); }));
}

} // namespace

void add_proc(Probes& probes) {
    add_init(probes);
    add_kernel(probes);
    probes.push_back(with_argument(ask_user("see-host-pid", foreign_process), "host-pid"));
    probes.push_back(with_argument(ask_user("see-host-command", find_command), "host-marker"));
    for (const char* name : {"environ", "mem", "maps", "root/etc/passwd", "cwd/.", "fd"}) {
        probes.push_back(with_argument(
            ask_user(std::string("open-host-") + name,
                     [name](const std::string& pid) { return open_at("/proc/" + pid + "/" + name, O_RDONLY); }),
            "host-pid"));
    }
    probes.push_back(run_alone(ask_user("rewrite-self-exe", [](const std::string&) { return rewrite_own_program(); })));
    probes.push_back(run_alone(with_argument(ask_user("replace-self-exe", replace_own_program), "own-program")));
    probes.push_back(with_config(ask_root("unkillable", [](const std::string&) { return raise_own_oom_score(); }),
                                 "CAP_SYS_RESOURCE"));
}

} // namespace owhale::probe
