#include "spawner/seccomp.hpp"

#include <algorithm>
#include <array>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <set>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spawner/filter_builder.hpp"
#include "spawner/syscall_tables.hpp"

namespace owhale::spawner {
namespace {

constexpr std::uint64_t kLow = 0xffffffff; // the kernel looks at 32 bits of these arguments; so must the filter

// Namespaces a clone may not ask for. CLONE_NEWTIME shares its bit with the exit signal's byte and is refused in unshare alone.
constexpr std::uint64_t kNamespaceFlags =
    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

void add_clone(FilterBuilder& b) {
    // clone3 hides its flags behind a pointer: it is among the unknown, and ENOSYS sends glibc to clone.
    b.rule(SCMP_ACT_ALLOW, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, kNamespaceFlags, 0));
}

void add_sockets(FilterBuilder& b, bool unix_sockets) {
    // Protocols by name, for any other may make the kernel load a module (SCTP, DCCP, …).
    struct Inet {
        int type, protocol;
    };
    constexpr auto kInet = std::to_array<Inet>({{SOCK_STREAM, 0},
                                                {SOCK_STREAM, IPPROTO_TCP},
                                                {SOCK_STREAM, IPPROTO_MPTCP},
                                                {SOCK_DGRAM, 0},
                                                {SOCK_DGRAM, IPPROTO_UDP},
                                                {SOCK_DGRAM, IPPROTO_ICMP},
                                                {SOCK_DGRAM, IPPROTO_ICMPV6}});
    for (const auto family : {AF_INET, AF_INET6})
        for (const auto& [type, protocol] : kInet)
            b.rule(SCMP_ACT_ALLOW, "socket", SCMP_A0(SCMP_CMP_MASKED_EQ, kLow, static_cast<std::uint64_t>(family)),
                   SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, static_cast<std::uint64_t>(type)),
                   SCMP_A2(SCMP_CMP_MASKED_EQ, kLow, static_cast<std::uint64_t>(protocol)));
    b.rule(SCMP_ACT_ALLOW, "socket", SCMP_A0(SCMP_CMP_MASKED_EQ, kLow, AF_NETLINK),
           SCMP_A2(SCMP_CMP_MASKED_EQ, kLow, 0));
    if (unix_sockets) b.rule(SCMP_ACT_ALLOW, "socket", SCMP_A0(SCMP_CMP_MASKED_EQ, kLow, AF_UNIX));
    // Not datagrams: a half of such a pair can be connected to any socket's path (unix(7)).
    for (const auto type : {SOCK_STREAM, SOCK_SEQPACKET})
        b.rule(SCMP_ACT_ALLOW, "socketpair", SCMP_A0(SCMP_CMP_MASKED_EQ, kLow, AF_UNIX),
               SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, static_cast<std::uint64_t>(type)));
}

// TIOCSTI types into a terminal, TIOCLINUX into the console. libseccomp cannot say "all but these" and look at 32 bits
// only, as the kernel does (a command with high bits set slipped through others' filters, CVE-2017-5226 and after), so
// these instructions go before its program, which loads anew whatever it needs.
std::vector<sock_filter> ioctl_prelude() {
    constexpr std::uint32_t kArch = offsetof(seccomp_data, arch), kNumber = offsetof(seccomp_data, nr);
    constexpr std::uint32_t kCommand = offsetof(seccomp_data, args) + sizeof(std::uint64_t); // low half, little endian
    return {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kArch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ::seccomp_arch_native(), 0, 6),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kCommand),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
}

// Numbers that no table names: ENOSYS, as on a kernel that never had them. Beyond the last one tried, EPERM.
void add_unknown(FilterBuilder& b) {
    std::set<int> named;
    const auto note = [&](std::string_view name) {
        named.insert(::seccomp_syscall_resolve_name(std::string(name).c_str()));
    };
    for (const auto name : kAllowed) note(name);
    for (const auto name : kTracing) note(name);
    for (const auto name : kRefused) note(name);
    for (const auto name : {"clone", "socket", "socketpair", "ioctl", "personality", "chmod", "fchmod", "fchmodat",
                            "fchmodat2", "creat", "open", "openat", "mknod", "mknodat"})
        note(name);
    for (int number = 0; number < kNumbersTried; ++number)
        if (!named.contains(number)) b.rule_number(SCMP_ACT_ERRNO(ENOSYS), number);
}

// No file gets a setuid or setgid bit: root's workspace is idmapped, so such a file would be root's own on the host.
// openat2 hides the mode behind a pointer; it is among the unknown, and programs fall back to openat.
void add_modes(FilterBuilder& b) {
    constexpr std::uint64_t kSetId = S_ISUID | S_ISGID;
    struct ModeCall {
        const char* name;
        unsigned argument;
    };
    constexpr auto kModeCalls = std::to_array<ModeCall>({{"chmod", 1},
                                                         {"fchmod", 1},
                                                         {"fchmodat", 2},
                                                         {"fchmodat2", 2},
                                                         {"creat", 1},
                                                         {"open", 2},
                                                         {"openat", 3},
                                                         {"mknod", 1},
                                                         {"mknodat", 2}});
    for (const auto& [name, argument] : kModeCalls)
        b.rule(SCMP_ACT_ALLOW, name, SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, kSetId, 0));
}

void add_personality(FilterBuilder& b) {
    constexpr std::uint64_t kNoRandomize = 0x0040000, kQuery = 0xffffffff;
    for (const auto value : {std::uint64_t{0}, kNoRandomize, kQuery})
        b.rule(SCMP_ACT_ALLOW, "personality", SCMP_A0(SCMP_CMP_MASKED_EQ, kLow, value));
}

Result<Filter> compile(std::string name, bool unix_sockets, bool tracing) {
    FilterBuilder b(SCMP_ACT_ERRNO(EPERM));
    for (const auto call : kAllowed) b.rule(SCMP_ACT_ALLOW, call);
    if (tracing)
        for (const auto call : kTracing) b.rule(SCMP_ACT_ALLOW, call);
    b.rule(SCMP_ACT_ALLOW, "ioctl"); // but for ioctl_prelude()
    add_clone(b);
    add_sockets(b, unix_sockets);
    add_personality(b);
    add_modes(b);
    add_unknown(b);
    return b.finish(std::move(name), ioctl_prelude());
}

Result<Filter> compile_warden() {
    FilterBuilder b(SCMP_ACT_KILL_PROCESS);
    for (const auto call : kWarden) b.rule(SCMP_ACT_ALLOW, call);
    return b.finish("warden", {});
}

} // namespace

Result<std::map<std::string, Filter>> compile_filters() {
    std::map<std::string, Filter> filters;
    for (auto compiled : {compile("default", false, true), compile("build", true, true),
                          compile("strict", false, false), compile("strict-build", true, false), compile_warden()}) {
        auto filter = TRY(std::move(compiled));
        auto name = filter.name;
        filters.emplace(std::move(name), std::move(filter));
    }
    return filters;
}

// A list of what is refused, since every cage lives with it. Of two refusals the kernel gives the one of the filter that came
// last, so that a cage's own answers stand.
Result<Filter> compile_own_filter() {
    FilterBuilder b(SCMP_ACT_ALLOW);
    for (const auto call : kRefused)
        if (std::ranges::find(kBuilding, call) == kBuilding.end()) b.rule(SCMP_ACT_ERRNO(EPERM), call);
    for (const auto call : kNeverCalled) b.rule(SCMP_ACT_ERRNO(EPERM), call);
    return b.finish("spawner", ioctl_prelude());
}

int load_filter(const Filter& filter) {
    const sock_fprog program{static_cast<unsigned short>(filter.program.size()),
                             const_cast<sock_filter*>(filter.program.data())};
    return ::syscall(SYS_seccomp, 1 /* SECCOMP_SET_MODE_FILTER */, 0, &program) == 0 ? 0 : errno;
}

} // namespace owhale::spawner
