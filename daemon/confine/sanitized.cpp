// Never in a program that is installed: a broker built so is less confined, that its sanitizer may work. See tests/sanitizers.
#include "confine/sanitizer.hpp"

#include <sched.h>
#include <sys/prctl.h>

// compiler-rt's include/sanitizer: common_interface_defs.h, lsan_interface.h
extern "C" void __sanitizer_sandbox_on_notify(void* arguments);
extern "C" __attribute__((weak)) void __lsan_do_leak_check();

namespace owhale {

SanitizerNeeds prepare_sanitizer() {
    // Reads /proc once for all, and ends ThreadSanitizer's own thread.
    __sanitizer_sandbox_on_notify(nullptr);
    constexpr unsigned long kThread = CLONE_THREAD | CLONE_VM | CLONE_SIGHAND;
    SanitizerNeeds needs;
    needs.dumpable = true;
    needs.readable = {"/proc"};
    // LeakSanitizer looks for leaks from a process that shares our memory and traces our threads.
    for (const char* name : {"ptrace", "wait4", "waitid", "mincore", "sched_getparam", "set_tid_address"})
        needs.calls.push_back({name, {}});
    needs.calls.push_back({"clone", {SCMP_CMP(0, SCMP_CMP_MASKED_EQ, kThread, CLONE_VM)}});
    for (const unsigned long option : {PR_SET_PDEATHSIG, PR_SET_PTRACER})
        needs.calls.push_back({"prctl", {SCMP_CMP(0, SCMP_CMP_EQ, option)}});
    return needs;
}

void ask_sanitizer() {
    if (__lsan_do_leak_check != nullptr) __lsan_do_leak_check(); // AddressSanitizer has it, ThreadSanitizer has not
}

} // namespace owhale
