// What a sanitizer that is built into the broker needs of its confinement: nothing in a build that is used.
#pragma once

#include <seccomp.h>
#include <string>
#include <vector>

namespace owhale {

struct SanitizerNeeds {
    bool dumpable = false;             // LeakSanitizer reads the other threads' registers by ptrace
    std::vector<std::string> readable; // folders
    struct Call {
        const char* name;
        std::vector<scmp_arg_cmp> comparisons; // allowed when every one holds
    };
    std::vector<Call> calls;
};

// sanitized.cpp where Meson's b_sanitize and sanitizer_in_cage are set, else not_sanitized.cpp. Before the first thread, and before the confinement.
SanitizerNeeds prepare_sanitizer();
// Has it tell of what is leaked: the broker ends without its own end.
void ask_sanitizer();

} // namespace owhale
