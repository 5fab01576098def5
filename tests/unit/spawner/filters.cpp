// The seccomp programs, asked as the kernel asks them: every number, both halves of each argument, other architectures.
#include <array>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <random>
#include <seccomp.h>
#include <set>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "checks.hpp"
#include "spawner/filter_builder.hpp"
#include "spawner/filter_tree.hpp"
#include "spawner/seccomp.hpp"
#include "spawner/syscall_tables.hpp"

using namespace owhale;
using namespace owhale::spawner;

namespace {

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW, kNotPermitted = SECCOMP_RET_ERRNO | EPERM,
                        kUnknown = SECCOMP_RET_ERRNO | ENOSYS, kKill = SECCOMP_RET_KILL_PROCESS;
constexpr std::uint32_t kX32 = 0x40000000;

// The part of classic BPF that seccomp programs here consist of (filter.txt); anything else ends the test.
std::uint32_t ask(const std::vector<sock_filter>& program, const seccomp_data& call) {
    std::uint32_t a = 0;
    for (std::size_t at = 0; at < program.size(); ++at) {
        const auto& [code, jt, jf, k] = program[at];
        const auto jump = [&](bool yes) { at += yes ? jt : jf; };
        switch (code) {
        case BPF_LD | BPF_W | BPF_ABS:
            REQUIRE(k + sizeof a <= sizeof call);
            std::memcpy(&a, reinterpret_cast<const char*>(&call) + k, sizeof a);
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= k;
            break;
        case BPF_JMP | BPF_JA:
            at += k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            jump(a == k);
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            jump(a >= k);
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            jump(a > k);
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            jump((a & k) != 0);
            break;
        case BPF_RET | BPF_K:
            return k;
        default:
            FAIL("an instruction that this test does not know: ", code);
        }
    }
    FAIL("the program ran out");
    return 0;
}

using Arguments = std::array<std::uint64_t, 6>;

std::uint32_t answer(const Filter& filter, long number, Arguments arguments = {},
                     std::uint32_t architecture = ::seccomp_arch_native()) {
    seccomp_data call{static_cast<int>(number), architecture, 0, {}};
    std::copy(arguments.begin(), arguments.end(), call.args);
    return ask(filter.program, call);
}

const std::map<std::string, Filter>& filters() {
    static const auto compiled = compile_filters();
    REQUIRE(compiled);
    return *compiled;
}

std::set<long> numbers(auto names) {
    std::set<long> all;
    for (const auto name : names)
        if (const int number = ::seccomp_syscall_resolve_name(std::string(name).c_str()); number >= 0)
            all.insert(number);
    return all;
}

const std::set<long>& of_arguments() {
    static const auto all = numbers(
        std::to_array<std::string_view>({"clone", "socket", "socketpair", "ioctl", "personality", "chmod", "fchmod",
                                         "fchmodat", "fchmodat2", "creat", "open", "openat", "mknod", "mknodat"}));
    return all;
}

} // namespace

TEST_CASE("a cage's filters answer every number as the tables say") {
    const auto allowed = numbers(kAllowed), tracing = numbers(kTracing), refused = numbers(kRefused);
    for (const auto* name : {"default", "build", "strict", "strict-build"}) {
        const auto& filter = filters().at(name);
        const bool traces = !filter.name.starts_with("strict");
        for (long number = 0; number < 1000; ++number) {
            if (of_arguments().contains(number)) continue;
            const auto expected = allowed.contains(number)                    ? kAllow
                                  : tracing.contains(number)                  ? (traces ? kAllow : kNotPermitted)
                                  : refused.contains(number) || number >= 600 ? kNotPermitted
                                                                              : kUnknown;
            CAPTURE(number);
            CHECK_EQ(answer(filter, number), expected);
            CHECK_EQ(answer(filter, number, {~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull}), expected);
        }
        for (const long number : {0x7fffffffl, -1l, -2147483648l}) CHECK_NE(answer(filter, number), kAllow);
    }
}

TEST_CASE("another architecture's calls are unknown, whatever their number") {
    const std::uint32_t other = ::seccomp_arch_native() == AUDIT_ARCH_X86_64 ? AUDIT_ARCH_I386 : AUDIT_ARCH_ARM;
    auto all = filters();
    const auto own = compile_own_filter();
    REQUIRE(own);
    all.emplace("spawner", *own);
    for (const auto& [name, filter] : all)
        for (long number = 0; number < 700; ++number) {
            CAPTURE(name);
            CAPTURE(number);
            CHECK_EQ(answer(filter, number, {}, other), kUnknown);
            if (::seccomp_arch_native() == AUDIT_ARCH_X86_64) CHECK_EQ(answer(filter, number | kX32), kUnknown);
        }
}

TEST_CASE("where arguments decide, the kernel's half of them does") {
    constexpr std::uint64_t kHigh = 0xdeadbeef00000000;
    for (const auto* name : {"default", "build", "strict", "strict-build"}) {
        const auto& filter = filters().at(name);
        const bool unix_sockets = filter.name.ends_with("build");
        CHECK_EQ(answer(filter, SYS_clone, {SIGCHLD}), kAllow);
        for (const std::uint64_t flag :
             {CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP})
            CHECK_EQ(answer(filter, SYS_clone, {flag | SIGCHLD}), kNotPermitted);
        CHECK_EQ(answer(filter, SYS_clone3), kUnknown);
        for (const std::uint64_t command : {TIOCSTI, TIOCLINUX})
            for (const auto high : {std::uint64_t{0}, kHigh})
                CHECK_EQ(answer(filter, SYS_ioctl, {0, high | command}), kNotPermitted);
        CHECK_EQ(answer(filter, SYS_ioctl, {0, TCGETS}), kAllow);
        const auto unix = unix_sockets ? kAllow : kNotPermitted;
        for (const auto high : {std::uint64_t{0}, kHigh}) {
            CHECK_EQ(answer(filter, SYS_socket, {high | AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0}), kAllow);
            CHECK_EQ(answer(filter, SYS_socket, {high | AF_INET6, SOCK_DGRAM, IPPROTO_UDP}), kAllow);
            CHECK_EQ(answer(filter, SYS_socket, {high | AF_INET, SOCK_STREAM, high | IPPROTO_SCTP}), kNotPermitted);
            CHECK_EQ(answer(filter, SYS_socket, {high | AF_INET, SOCK_RAW, IPPROTO_TCP}), kNotPermitted);
            CHECK_EQ(answer(filter, SYS_socket, {high | AF_UNIX, SOCK_STREAM, 0}), unix);
            CHECK_EQ(answer(filter, SYS_socket, {high | AF_VSOCK, SOCK_STREAM, 0}), kNotPermitted);
            CHECK_EQ(answer(filter, SYS_socket, {high | AF_NETLINK, SOCK_RAW, 0}), kAllow);
            CHECK_EQ(answer(filter, SYS_socketpair, {high | AF_UNIX, SOCK_STREAM, 0}), kAllow);
            CHECK_EQ(answer(filter, SYS_socketpair, {high | AF_UNIX, SOCK_DGRAM, 0}), kNotPermitted);
        }
        CHECK_EQ(answer(filter, SYS_fchmod, {3, 0755}), kAllow);
        for (const std::uint64_t bit : {04000, 02000}) {
            CHECK_EQ(answer(filter, SYS_fchmod, {3, bit | 0755}), kNotPermitted);
            CHECK_EQ(answer(filter, SYS_fchmodat, {3, 0, bit}), kNotPermitted);
            CHECK_EQ(answer(filter, SYS_openat, {3, 0, 0, bit | 0644}), kNotPermitted);
            CHECK_EQ(answer(filter, SYS_mknodat, {3, 0, bit}), kNotPermitted);
        }
        CHECK_EQ(answer(filter, SYS_openat, {3, 0, 0, 0644}), kAllow);
        CHECK_EQ(answer(filter, SYS_personality, {0xffffffff}), kAllow);
        CHECK_EQ(answer(filter, SYS_personality, {0x0400000 /* READ_IMPLIES_EXEC */}), kNotPermitted);
    }
}

TEST_CASE("a warden that does anything else is ended") {
    const auto& filter = filters().at("warden");
    const auto allowed = numbers(kWarden);
    for (long number = 0; number < 1000; ++number)
        CHECK_EQ(answer(filter, number), allowed.contains(number) ? kAllow : kKill);
}

TEST_CASE("the spawner's own filter leaves what cages are built from") {
    const auto filter = compile_own_filter();
    REQUIRE(filter);
    const auto refused = numbers(kRefused), building = numbers(kBuilding), never = numbers(kNeverCalled);
    for (long number = 0; number < 1000; ++number) {
        const bool no = (refused.contains(number) && !building.contains(number)) || never.contains(number);
        CHECK_EQ(answer(*filter, number), no ? kNotPermitted : kAllow);
    }
    CHECK_EQ(answer(*filter, SYS_ioctl, {0, 0xff00000000000000 | TIOCSTI}), kNotPermitted);
}

TEST_CASE("a number has one answer, or there is no program") {
    const auto made = [](std::uint32_t first, std::uint32_t second, bool asks = false) {
        FilterBuilder b(SCMP_ACT_ERRNO(EPERM));
        b.rule(first, "read");
        if (asks)
            b.rule(second, "read", SCMP_A0(SCMP_CMP_EQ, 7));
        else
            b.rule(second, "read");
        return b.finish("two", {});
    };
    const auto refused = made(SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(ENOSYS));
    REQUIRE_FALSE(refused);
    CHECK_EQ(refused.error().errnum, EEXIST);
    CHECK_FALSE(made(SCMP_ACT_ERRNO(EPERM), SCMP_ACT_ALLOW)); // the fallback, said as a rule, is one too
    CHECK_FALSE(made(SCMP_ACT_ALLOW, SCMP_ACT_ALLOW, true));
    const auto same = made(SCMP_ACT_ALLOW, SCMP_ACT_ALLOW);
    REQUIRE(same);
    CHECK_EQ(answer(*same, SYS_read), kAllow);
    FilterBuilder beyond(SCMP_ACT_ALLOW);
    beyond.rule_number(SCMP_ACT_ERRNO(EPERM), kNumbersTried);
    CHECK_FALSE(beyond.finish("beyond", {}));
}

TEST_CASE("a tree answers as the list that it is made of") {
    std::mt19937 random(7);
    for (const std::size_t size : {0, 1, 2, 5, 64, 600, 4000}) {
        std::vector<std::uint32_t> answers(size);
        for (auto& one : answers)
            one = std::array{kAllow, kUnknown, kNotPermitted, kAskOn}[random() % 4]; // no neighbours to join
        auto program = number_tree(answers, 77);
        program.push_back(BPF_STMT(BPF_RET | BPF_K, kKill));
        for (std::uint32_t number = 0; number < size + 3; ++number) {
            const auto expected = number < size && answers[number] != kAskOn ? answers[number] : kKill;
            seccomp_data call{static_cast<int>(number), 77, 0, {}};
            CHECK_EQ(ask(program, call), expected);
            call.arch = 78;
            CHECK_EQ(ask(program, call), kKill);
        }
    }
}
