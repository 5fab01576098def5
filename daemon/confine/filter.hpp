// The broker's seccomp filter: an allowlist; everything else answers EPERM.
#pragma once

#include <memory>

#include "shared/error.hpp"

namespace owhale {

class Filter {
public:
    static Result<Filter> prepare();
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
