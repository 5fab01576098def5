// Other doors into the kernel: the 32-bit entry, x32 numbers, numbers nobody has yet, and personality.
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <optional>
#include <string>

#include "probe.hpp"

namespace owhale::probe {
namespace {

constexpr long kX32 = 0x40000000;
constexpr long kGetpid32 = 20;
constexpr long kMount32 = 21;
constexpr long kUnshare32 = 310;
constexpr unsigned long kHighBits = 1UL << 32;

// The 32-bit table, entered from a 64-bit program: a filter that looks at numbers and not at the architecture is blind.
[[gnu::noinline]] long enter_32(long number, long first) {
    long result = number;
#if defined(__x86_64__)
    asm volatile("int $0x80"
                 : "+a"(result)
                 : "b"(first), "c"(0L), "d"(0L), "S"(0L), "D"(0L)
                 : "r8", "r9", "r10", "r11", "memory");
#else
    static_cast<void>(first);
    result = -ENOSYS;
#endif
    return result;
}

sigjmp_buf before_entry;

// Nothing where the kernel has closed that entry, as it does in some virtual machines: the instruction itself faults then.
std::optional<long> try_32(long number, long first) {
    struct sigaction act{}, former{};
    act.sa_handler = [](int) { siglongjmp(before_entry, 1); };
    sigaction(SIGSEGV, &act, &former);
    std::optional<long> result;
    if (sigsetjmp(before_entry, 1) == 0) result = enter_32(number, first);
    sigaction(SIGSEGV, &former, nullptr);
    return result;
}

Outcome judge_32(long number, long first, std::initializer_list<int> reached) {
    const auto entered = try_32(number, first);
    if (!entered) return refused(ENOSYS, "int $0x80 faults");
    const long result = *entered;
    if (result >= 0) return judge_call(result, 0, reached);
    return judge_call(-1, static_cast<int>(-result), reached);
}

Outcome x32(long number) {
    const long result = syscall(number | kX32);
    return judge_call(result, errno, {});
}

Outcome persona(unsigned long value) {
    const long result = syscall(SYS_personality, value);
    return judge_call(result, errno, {EINVAL});
}

constexpr long kNotYetGiven = 550; // well above Linux 6.18's last

Outcome no_such_call() {
    const long result = syscall(kNotYetGiven);
    const int error = errno;
    return error == ENOSYS ? could("answers ENOSYS, so that programs fall back") : judge_call(result, error, {});
}

} // namespace

void add_entries(Probes& probes) {
    const auto user = [&](const char* name, auto attempt) {
        probes.push_back(ask_user(name, [attempt](const std::string&) { return attempt(); }));
    };
    const auto entry = [&](const char* name, auto attempt) {
        user(name, attempt);
        probes.back().config = "a kernel that takes int $0x80";
    };
    entry("int80-getpid", [] { return judge_32(kGetpid32, 0, {}); });
    entry("int80-mount", [] { return judge_32(kMount32, 1, {EFAULT}); });
    entry("int80-unshare", [] { return judge_32(kUnshare32, 0x10000001, {EINVAL}); });
    user("x32-getpid", [] { return x32(SYS_getpid); });
    probes.back().config = "CONFIG_X86_X32_ABI";
    user("x32-unshare", [] { return x32(SYS_unshare); });
    probes.back().config = "CONFIG_X86_X32_ABI";
    user("personality-read-implies-exec", [] { return persona(READ_IMPLIES_EXEC); });
    user("personality-mmap-page-zero", [] { return persona(MMAP_PAGE_ZERO); });
    user("personality-svr4", [] { return persona(PER_SVR4); });
    user("personality-high-bits", [] { return persona(kHighBits | READ_IMPLIES_EXEC); });
    user("personality-linux-high-bits", [] { return persona(kHighBits | ADDR_COMPAT_LAYOUT); });
    user("personality-query", [] { return persona(0xffffffffUL); });
    probes.back() = permitted(std::move(probes.back()));
    user("unknown-number", [] { return no_such_call(); });
    probes.back() = permitted(std::move(probes.back()));
}

} // namespace owhale::probe
