// The broker's seccomp filter: an allowlist; everything else answers EPERM.
#pragma once

#include <memory>

#include "confine/sanitizer.hpp"
#include "shared/error.hpp"

namespace owhale {

class Filter {
public:
    // `connects`: sockets of TCP and UDP can be made, connected and, where others made them listen, accepted.
    static Result<Filter> prepare(bool connects, const SanitizerNeeds& needs);
    // For this thread and those that it starts. no_new_privs has to be set.
    Status load() const;

private:
    explicit Filter(void* context) : context_(context) {}
    struct Release {
        void operator()(void* context) const;
    };
    std::unique_ptr<void, Release> context_; // scmp_filter_ctx
};

} // namespace owhale
