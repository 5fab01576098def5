// How audit events end: all outcomes there are. What is appended with another one is told as an error (declared.hpp).
#pragma once

#include <array>
#include <string_view>

namespace owhale::audit {

inline constexpr auto kOutcomeNames = std::to_array<std::string_view>({
    // acts
    "ok",
    "pending",
    "failed",
    "denied",
    "throttled",
    "cancelled",
    "expired",
    // runs
    "running",
    "exited",
    "signaled",
    "timed_out",
    "limit_exceeded",
    "killed",
    "lost",
    // requests and grants
    "joined",
    "approved",
    "used",
    "void",
    "revoked",
    // verdicts
    "allow",
    "ask",
    "deny",
});

} // namespace owhale::audit
